using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// The INT8 product of <see cref="FloatBlockKernel"/>'s structure, for GPUs without <see cref="TensorCores"/>: a group multiplies a block, a thread 8 x 16 of it, by <see cref="ByteLanes"/>. Slices
/// along k pass through two buffers of shared memory in turn, one barrier a slice; the next one travels in registers meanwhile, two quads of either operand a thread. Flips and observed line sums as in
/// <see cref="DirectKernel"/>, from registers.
/// </summary>
internal static class DotBlockKernel
{
    /// <summary>Lines of an operand that are interleaved.</summary>
    public const int Group = DirectTile.Columns;

    private const int LargestSlice = 128 * 8, Quarters = Group / 4;

    /// <summary>Interleaves the words of A.</summary>
    /// <param name="flat">X counts words, Y rows (<see cref="FlatIndex"/>).</param>
    /// <param name="a">A as words [padded rows, words].</param>
    /// <param name="target">Takes groups of sixteen rows.</param>
    /// <param name="words">Words of a row.</param>
    public static void Interleave(Index1D flat, ArrayView<int> a, ArrayView<int> target, int words)
    {
        var index = FlatIndex.At(flat, words);
        target[FloatLineKernels.Place(index.Y, index.X, Group, words)] = a[index.Y * words + index.X];
    }

    /// <summary>One thread.</summary>
    /// <param name="a">A as words interleaved by sixteen rows, rows and words padded with zeros to whole blocks and slices.</param>
    /// <param name="w">W likewise.</param>
    /// <param name="plan">Starts of the fault blocks, the end, then the flips (<see cref="PackedPlan"/>).</param>
    /// <param name="c">Takes C [padded rows, Stride].</param>
    /// <param name="rowSums">Takes observed row sums [padded rows, TileStride]; zero before.</param>
    /// <param name="columnSums">Takes observed column sums [tile rows, Stride]; zero before.</param>
    /// <param name="e">Extents.</param>
    public static void Run<TSize>(ArrayView<int> a, ArrayView<int> w, ArrayView<int> plan, ArrayView<int> c, ArrayView<int> rowSums, ArrayView<int> columnSums, GemmExtents e)
        where TSize : struct, IBlockSize
    {
        var sharedA = SharedMemory.Allocate<int>(2 * LargestSlice);
        var sharedW = SharedMemory.Allocate<int>(2 * LargestSlice);
        int edge = TSize.Edge, panels = edge / Group, across = e.Stride / edge, thread = ILGPU.Group.IdxX, other = thread + edge * edge / 128;
        int row = Grid.IdxX / across * edge, column = Grid.IdxX % across * edge;

        // Neighbours carry the quarters of a group of A, and the groups of W: so each writes all banks, and reads whole stretches with those behind it.
        int atA = row * e.Words + Source(Panel(thread, edge, true), Quarter(thread, edge, true), Word(thread, edge), e.Words);
        int nextAtA = row * e.Words + Source(Panel(other, edge, true), Quarter(other, edge, true), Word(other, edge), e.Words);
        int atW = column * e.Words + Source(Panel(thread, edge, false), Quarter(thread, edge, false), Word(thread, edge), e.Words);
        int nextAtW = column * e.Words + Source(Panel(other, edge, false), Quarter(other, edge, false), Word(other, edge), e.Words);
        int toA = Word(thread, edge) * edge + Panel(thread, edge, true) * Group + Quarter(thread, edge, true) * 4, toOtherA = Word(other, edge) * edge + Panel(other, edge, true) * Group + Quarter(other, edge, true) * 4;
        int toW = Word(thread, edge) * edge + Quarter(thread, edge, false) * (edge / 4) + Panel(thread, edge, false) * 4;
        int toOtherW = Word(other, edge) * edge + Quarter(other, edge, false) * (edge / 4) + Panel(other, edge, false) * 4;
        int top = thread / panels * DirectTile.Rows, panel = thread % panels, step = edge / 16 * Group, last = (e.Words - edge / 16) * Group;

        Lanes4 a0 = Quad.Load(a, atA), a1 = Quad.Load(a, nextAtA), w0 = Quad.Load(w, atW), w1 = Quad.Load(w, nextAtW);
        var sum = default(DirectTile);
        var buffer = 0;
        for (var at = 0; at <= last; at += step)
        {
            Quad.Store(sharedA, buffer + toA, a0);
            Quad.Store(sharedA, buffer + toOtherA, a1);
            Quad.Store(sharedW, buffer + toW, w0);
            Quad.Store(sharedW, buffer + toOtherW, w1);
            ILGPU.Group.Barrier();

            // Past the last slice the last is fetched again and never used: every thread does the same work between barriers.
            var next = IntrinsicMath.Min(at + step, last);
            a0 = Quad.Load(a, atA + next);
            a1 = Quad.Load(a, nextAtA + next);
            w0 = Quad.Load(w, atW + next);
            w1 = Quad.Load(w, nextAtW + next);

            // From a view's first element on at constant places: that costs no arithmetic.
            var fromA = Quad.In(sharedA).SubView((buffer + top) / 4);
            var fromW = Quad.In(sharedW).SubView((buffer + panel * 4) / 4);
            sum = Step<TSize>(sum, fromA, fromW, 0);
            if (TSize.Edge > 16)
            {
                sum = Step<TSize>(sum, fromA, fromW, 1);
                sum = Step<TSize>(sum, fromA, fromW, 2);
                sum = Step<TSize>(sum, fromA, fromW, 3);
                sum = Step<TSize>(sum, fromA, fromW, 4);
                sum = Step<TSize>(sum, fromA, fromW, 5);
                sum = Step<TSize>(sum, fromA, fromW, 6);
                sum = Step<TSize>(sum, fromA, fromW, 7);
            }

            buffer = LargestSlice - buffer;
        }

        row += top;
        column += panel * Group;
        // Padding may lie beyond the plan's last block and the last tile.
        var inside = row < e.Rows && column < e.Columns;
        if (e.BlockColumns > 0 && inside)
            sum = PackedPlan.Flip(sum, plan, row, column, 0, e.BlockColumns, e.Blocks);
        DirectKernel.Leave(sum, c, rowSums, columnSums, row, column, e with { Tile = inside ? e.Tile : 0 });
    }

    private static DirectTile Step<TSize>(DirectTile sum, ArrayView<Quad> a, ArrayView<Quad> w, int word)
        where TSize : struct, IBlockSize
    {
        int at = word * (TSize.Edge / 4), apart = TSize.Edge / Group;
        return ByteLanes.Dot(sum, Quad.Lanes(a[at]), Quad.Lanes(a[at + 1]), new Lanes16(Quad.Lanes(w[at]), Quad.Lanes(w[at + apart]), Quad.Lanes(w[at + 2 * apart]), Quad.Lanes(w[at + 3 * apart])));
    }

    // What a thread carries: a quarter of a group's lines at a word. A slice has as many quads as two of each thread.
    private static int Word(int quad, int edge) => quad / (edge / 4);

    private static int Panel(int quad, int edge, bool ofA) => ofA ? quad / Quarters % (edge / Group) : quad % (edge / Group);

    private static int Quarter(int quad, int edge, bool ofA) => ofA ? quad % Quarters : quad / (edge / Group) % Quarters;

    private static int Source(int panel, int quarter, int word, int words) => (panel * words + word) * Group + quarter * 4;
}
