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
    public void Leave(FloatSquare x)
    {
        var at = Place(Grid.IdxX);
        Store(at, x.A, x.B, x.C, x.D);
        Store(at + Quads / 2 * Group.DimX, x.E, x.F, x.G, x.H);
        MemoryFence.DeviceLevel();
        Group.Barrier();
        if (Group.IdxX == 0)
            Atomic.Exchange(ref _left[Grid.IdxX], 1);
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
    public FloatSquare Take()
    {
        var quads = FloatQuad.In(_sums);
        int at = Place(Grid.IdxX - 1), step = Group.DimX;
        return new(
            Load(quads, at, step), Load(quads, at + 2 * step, step), Load(quads, at + 4 * step, step), Load(quads, at + 6 * step, step),
            Load(quads, at + 8 * step, step), Load(quads, at + 10 * step, step), Load(quads, at + 12 * step, step), Load(quads, at + 14 * step, step));
    }

    private static int Place(int group) => group * Quads * Group.DimX + Group.IdxX;

    private static FloatLanes8 Load(ArrayView<FloatQuad> quads, int at, int step) => new(FloatQuad.Lanes(quads[at]), FloatQuad.Lanes(quads[at + step]));

    private void Store(int at, FloatLanes8 a, FloatLanes8 b, FloatLanes8 c, FloatLanes8 d)
    {
        var step = Group.DimX;
        Store(at, a);
        Store(at + 2 * step, b);
        Store(at + 4 * step, c);
        Store(at + 6 * step, d);
    }

    private void Store(int at, FloatLanes8 x)
    {
        FloatQuad.Store(_sums, 4 * at, x.Left);
        FloatQuad.Store(_sums, 4 * (at + Group.DimX), x.Right);
    }
}
