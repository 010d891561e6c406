using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>What groups leave each other of blocks that they share (<see cref="BlockOrder"/>).</summary>
/// <param name="sums">Accumulators, a group's at its number [group, quad, thread, lane].</param>
/// <param name="left">A word a group: 1 where its accumulators are complete, which who takes them clears again.</param>
internal readonly struct SharedBlocks(ArrayView<float> sums, ArrayView<int> left)
{
    /// <summary>Values of a group's thread.</summary>
    public const int Values = FloatSquare.Edge * FloatSquare.Edge;

    private const int Quads = Values / 4;

    private readonly ArrayView<float> _sums = sums;
    private readonly ArrayView<int> _left = left;

    /// <summary>Leaves a group's accumulators to the next group.</summary>
    /// <param name="x">They.</param>
    public void Leave<TShare>(FloatSquare x)
        where TShare : struct, IBlockShare
    {
        int at = Place(Grid.IdxX), step = Group.DimX;
        Store(at, x.A.Left, x.B.Left, x.C.Left, x.D.Left);
        Store(at + 4 * step, x.E.Left, x.F.Left, x.G.Left, x.H.Left);
        if (TShare.Columns == WholeBlock.Columns)
        {
            Store(at + 8 * step, x.A.Right, x.B.Right, x.C.Right, x.D.Right);
            Store(at + 12 * step, x.E.Right, x.F.Right, x.G.Right, x.H.Right);
        }

        Tell();
    }

    /// <summary>The same of a thin block, the first two columns of four rows.</summary>
    /// <param name="x">Accumulators.</param>
    public void LeavePairs(FloatSquare x)
    {
        var at = Place(Grid.IdxX);
        FloatQuad.Store(_sums, 4 * at, new(x.A.Left.A, x.A.Left.B, x.B.Left.A, x.B.Left.B));
        FloatQuad.Store(_sums, 4 * (at + Group.DimX), new(x.C.Left.A, x.C.Left.B, x.D.Left.A, x.D.Left.B));
        Tell();
    }

    /// <summary>Waits for what the group before leaves. That one began with it and was begun before, so it needs nobody who waits.</summary>
    public void Await()
    {
        if (Group.IdxX == 0)
        {
            while (Atomic.CompareExchange(ref _left[Grid.IdxX - 1], 1, 0) == 0)
            {
            }
        }

        Group.Barrier();
        MemoryFence.DeviceLevel();
    }

    /// <summary>What the group before left.</summary>
    public FloatSquare Take<TShare>()
        where TShare : struct, IBlockShare
    {
        var quads = FloatQuad.In(_sums);
        int at = Place(Grid.IdxX - 1), step = Group.DimX;
        return new(
            Load<TShare>(quads, at, step), Load<TShare>(quads, at + step, step), Load<TShare>(quads, at + 2 * step, step), Load<TShare>(quads, at + 3 * step, step),
            Load<TShare>(quads, at + 4 * step, step), Load<TShare>(quads, at + 5 * step, step), Load<TShare>(quads, at + 6 * step, step), Load<TShare>(quads, at + 7 * step, step));
    }

    /// <summary>What it left of a thin block.</summary>
    public FloatSquare TakePairs()
    {
        var quads = FloatQuad.In(_sums);
        var at = Place(Grid.IdxX - 1);
        FloatQuad upper = quads[at], lower = quads[at + Group.DimX];
        return new(Pair(upper.A, upper.B), Pair(upper.C, upper.D), Pair(lower.A, lower.B), Pair(lower.C, lower.D), default, default, default, default);
    }

    private static int Place(int group) => group * Quads * Group.DimX + Group.IdxX;

    private static FloatLanes8 Load<TShare>(ArrayView<FloatQuad> quads, int at, int step)
        where TShare : struct, IBlockShare =>
        new(FloatQuad.Lanes(quads[at]), TShare.Columns == WholeBlock.Columns ? FloatQuad.Lanes(quads[at + 8 * step]) : default);

    private static FloatLanes8 Pair(float first, float second) => new(new(first, second, 0, 0), default);

    private void Store(int at, FloatLanes4 a, FloatLanes4 b, FloatLanes4 c, FloatLanes4 d)
    {
        var step = Group.DimX;
        FloatQuad.Store(_sums, 4 * at, a);
        FloatQuad.Store(_sums, 4 * (at + step), b);
        FloatQuad.Store(_sums, 4 * (at + 2 * step), c);
        FloatQuad.Store(_sums, 4 * (at + 3 * step), d);
    }

    private void Tell()
    {
        // All threads fence, though one's after the barrier would do: in OpenCL this fence is a barrier.
        MemoryFence.DeviceLevel();
        Group.Barrier();
        if (Group.IdxX == 0)
            Atomic.Exchange(ref _left[Grid.IdxX], 1);
    }
}
