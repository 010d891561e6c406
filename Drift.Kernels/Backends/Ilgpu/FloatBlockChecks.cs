using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>A block thread's accumulators: those of the product, and those of expected sums, a place by rows and a summed line by the left four columns.</summary>
internal readonly struct FloatBlockSums(FloatSquare product, FloatSquare checks)
{
    public readonly FloatSquare Product = product, Checks = checks;
}

/// <summary>
/// The expected sums that a block multiplies beside its product, from the slices that it has in shared memory anyway: its rows of A times the summed lines of W of its columns, and its columns of W times
/// the summed lines of A of its rows. Half of the threads take places along the rows, the other half along the columns, each place again one chain over k. Half a block has every place along its
/// columns and half of those along its rows. Where a tile holds several blocks, all do the same and the first stores.
/// </summary>
internal static class FloatBlockChecks
{
    /// <summary>Values of summed lines in shared memory: of either operand two times as many k as a thread of either half carries one of, up to four lines.</summary>
    public const int LargestLines = 2 * 2 * 128 * 4;

    /// <summary>k of a slice.</summary>
    private static int Deep<TSize>()
        where TSize : struct, IBlockSize => TSize.Edge / 16;

    /// <summary>Places of a thread.</summary>
    private static int Wide<TSize>()
        where TSize : struct, IBlockSize => 128 / TSize.Edge;

    /// <summary>Summed lines that a thread multiplies. In half a block there is half as much to do: either half of the threads takes half of the lines, or the second one does the first one's work.</summary>
    private static int Count<TShare, TLines>()
        where TShare : struct, IBlockShare
        where TLines : struct, IBlockLines => TShare.Columns != WholeBlock.Columns && TLines.Count > 1 ? TLines.Count / 2 : TLines.Count;

    /// <summary>Threads that share the places along the rows, as many as those along the columns.</summary>
    private static int Across<TSize, TShare>()
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare => TSize.Edge * TShare.Columns / WholeBlock.Columns / Wide<TSize>();

    /// <summary>Where a thread's first place stands in shared memory, in the first slice.</summary>
    /// <param name="right">Columns to its left of the block's half.</param>
    public static int Places<TSize, TShare>(int right)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare => (OfColumns<TSize, TShare>() ? FloatBlockKernel.OfW : 0) + Place<TSize, TShare>(right);

    /// <summary>Where a thread's first line stands in shared memory, in the first slice.</summary>
    public static int Lines<TSize, TShare, TLines>()
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
        where TLines : struct, IBlockLines => At<TSize, TLines>(OfColumns<TSize, TShare>(), 0) + Line<TSize, TShare, TLines>();

    /// <summary>Where it stands in the slice that follows: two runs are a ring, which begins at a multiple of its length.</summary>
    /// <param name="lines">Where it stands.</param>
    public static int Next<TSize, TLines>(int lines)
        where TSize : struct, IBlockSize
        where TLines : struct, IBlockLines
    {
        var ring = 2 * Run<TSize>() * TLines.Count - 1;
        return (lines & ~ring) | ((lines + Deep<TSize>() * TLines.Count) & ring);
    }

    /// <summary>Whether the next run of summed lines is to be carried, half-way through one.</summary>
    /// <param name="at">Where the slice begins in the operands' block, in quads.</param>
    public static bool IsDue<TSize>(int at)
        where TSize : struct, IBlockSize => (at & (Run<TSize>() * TSize.Edge / 4 - 1)) == Run<TSize>() * TSize.Edge / 8;

    /// <summary>Carries the run of summed lines that follows into shared memory; nothing where K ends before.</summary>
    /// <param name="shared">Shared memory.</param>
    /// <param name="a">A, and behind it its summed lines.</param>
    /// <param name="w">W likewise.</param>
    /// <param name="row">First row of the block.</param>
    /// <param name="column">First column of the whole block.</param>
    /// <param name="k">0 for the first run, else some k of the run before.</param>
    /// <param name="e">Extents.</param>
    public static void Carry<TSize, TLines>(ArrayView<float> shared, ArrayView<float> a, ArrayView<float> w, int row, int column, int k, FloatExtents e)
        where TSize : struct, IBlockSize
        where TLines : struct, IBlockLines
    {
        var ofW = Group.IdxX < Run<TSize>();
        var carried = ((k + Run<TSize>() / 2) & -Run<TSize>()) + (Group.IdxX & (Run<TSize>() - 1));
        if (carried >= e.Depth)
            return;
        var line = ofW ? e.PaddedColumns + FirstLine<TSize, TLines>(column, e) : e.PaddedRows + FirstLine<TSize, TLines>(row, e);
        int from = line * e.Depth + carried * TLines.Count, to = At<TSize, TLines>(!ofW, carried);
        var source = ofW ? w : a;
        if (TLines.Count == 4)
            FloatQuad.Store(shared, to, FloatQuad.Load(source, from));
        else if (TLines.Count == 2)
            FloatPair.In(shared)[to / 2] = FloatPair.In(source)[from / 2];
        else
            shared[to] = source[from];
    }

    /// <summary>The accumulators with the products of a slice.</summary>
    /// <param name="sum">Accumulators.</param>
    /// <param name="places">The slice, from the thread's first place on.</param>
    /// <param name="lines">The slice's lines, from the thread's first one on.</param>
    public static FloatSquare Slice<TSize, TShare, TLines>(FloatSquare sum, ArrayView<float> places, ArrayView<float> lines)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
        where TLines : struct, IBlockLines
    {
        sum = Step<TSize, TShare, TLines>(sum, places, lines, 0);
        if (Deep<TSize>() > 1)
            sum = Step<TSize, TShare, TLines>(sum, places, lines, 1);
        if (Deep<TSize>() > 2)
        {
            sum = Step<TSize, TShare, TLines>(sum, places, lines, 2);
            sum = Step<TSize, TShare, TLines>(sum, places, lines, 3);
        }

        if (Deep<TSize>() <= 4)
            return sum;
        sum = Step<TSize, TShare, TLines>(sum, places, lines, 4);
        sum = Step<TSize, TShare, TLines>(sum, places, lines, 5);
        sum = Step<TSize, TShare, TLines>(sum, places, lines, 6);
        return Step<TSize, TShare, TLines>(sum, places, lines, 7);
    }

    private static FloatSquare Step<TSize, TShare, TLines>(FloatSquare sum, ArrayView<float> places, ArrayView<float> lines, int k)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
        where TLines : struct, IBlockLines
    {
        var w = At<TSize, TShare, TLines>(lines, k);
        var at = k * TSize.Edge;
        if (Wide<TSize>() == 1)
            return FloatSquare.With(sum, Step<TShare, TLines>(sum.A.Left, places[at], w));
        if (Wide<TSize>() == 2)
        {
            var two = FloatPair.In(places)[at / 2];
            return FloatSquare.With(sum, Step<TShare, TLines>(sum.A.Left, two.A, w), Step<TShare, TLines>(sum.B.Left, two.B, w));
        }

        var quads = FloatQuad.In(places);
        return FloatSquare.MultiplyAddLeft(sum, FloatQuad.Lanes(quads[at / 4]), FloatQuad.Lanes(quads[at / 4 + 1]), w);
    }

    /// <summary>Stores the sums: those along the rows beyond C's columns, those along the columns below its rows.</summary>
    /// <param name="sum">Accumulators, K done.</param>
    /// <param name="c">Takes them.</param>
    /// <param name="row">First row of the block.</param>
    /// <param name="column">First column of the whole block.</param>
    /// <param name="right">Columns to its left of the block's half.</param>
    /// <param name="e">Extents.</param>
    public static void Store<TSize, TShare, TLines>(FloatSquare sum, ArrayView<float> c, int row, int column, int right, FloatExtents e)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
        where TLines : struct, IBlockLines
    {
        var ofColumns = OfColumns<TSize, TShare>();
        var isFirst = TLines.Count > 1 || (ofColumns ? row : column) % e.Tile == 0;
        if (!isFirst || Group.IdxX >= 2 * Across<TSize, TShare>() * (TLines.Count > Count<TShare, TLines>() ? 2 : 1))
            return;
        int place = Place<TSize, TShare>(right), line = Line<TSize, TShare, TLines>() + FirstLine<TSize, TLines>(ofColumns ? row : column, e);
        var at = ofColumns ? (e.PaddedRows + line) * e.Stride + column + right + place : (row + place) * e.Stride + e.PaddedColumns + line;
        int down = ofColumns ? 1 : e.Stride, across = ofColumns ? e.Stride : 1;
        Store<TShare, TLines>(c, at, across, sum.A.Left);
        if (Wide<TSize>() > 1)
            Store<TShare, TLines>(c, at + down, across, sum.B.Left);
        if (Wide<TSize>() <= 2)
            return;
        Store<TShare, TLines>(c, at + 2 * down, across, sum.C.Left);
        Store<TShare, TLines>(c, at + 3 * down, across, sum.D.Left);
        Store<TShare, TLines>(c, at + 4 * down, across, sum.E.Left);
        Store<TShare, TLines>(c, at + 5 * down, across, sum.F.Left);
        Store<TShare, TLines>(c, at + 6 * down, across, sum.G.Left);
        Store<TShare, TLines>(c, at + 7 * down, across, sum.H.Left);
    }

    /// <summary>k of a run of summed lines: either half of the threads carries one.</summary>
    private static int Run<TSize>()
        where TSize : struct, IBlockSize => TSize.Edge * TSize.Edge / 128;

    /// <summary>Where a block's lines at one k stand in shared memory: those of A, which columns are multiplied with, behind those of W, two runs of either in turn.</summary>
    private static int At<TSize, TLines>(bool ofColumns, int k)
        where TSize : struct, IBlockSize
        where TLines : struct, IBlockLines => FloatBlockKernel.OfLines + ((k & (2 * Run<TSize>() - 1)) + (ofColumns ? 2 * Run<TSize>() : 0)) * TLines.Count;

    /// <summary>The number of a block's first summed line.</summary>
    private static int FirstLine<TSize, TLines>(int first, FloatExtents e)
        where TSize : struct, IBlockSize
        where TLines : struct, IBlockLines => TLines.Count > 1 ? first / TSize.Edge * TLines.Count : first / e.Tile;

    private static bool OfColumns<TSize, TShare>()
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare => Group.IdxX / Across<TSize, TShare>() % 2 > 0;

    /// <summary>A thread's first place.</summary>
    private static int Place<TSize, TShare>(int right)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare =>
        Group.IdxX % Across<TSize, TShare>() * Wide<TSize>() + (OfColumns<TSize, TShare>() ? 0 : right);

    /// <summary>A thread's first line.</summary>
    private static int Line<TSize, TShare, TLines>()
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
        where TLines : struct, IBlockLines => TLines.Count > Count<TShare, TLines>() ? Group.IdxX / (2 * Across<TSize, TShare>()) * Count<TShare, TLines>() : 0;

    /// <summary>What the thread's lines have at one k, in the first lanes.</summary>
    private static FloatLanes4 At<TSize, TShare, TLines>(ArrayView<float> lines, int k)
        where TSize : struct, IBlockSize
        where TShare : struct, IBlockShare
        where TLines : struct, IBlockLines
    {
        if (Count<TShare, TLines>() == 4)
            return FloatQuad.Lanes(FloatQuad.In(lines)[k]);
        if (Count<TShare, TLines>() == 2)
        {
            var two = FloatPair.In(lines)[k * TLines.Count / 2];
            return new(two.A, two.B, 0, 0);
        }

        if (TLines.Count == 1 && Deep<TSize>() >= 4)
        {
            // Four k at once; the other three find them loaded.
            var four = FloatQuad.In(lines)[k / 4];
            return new(k % 4 == 0 ? four.A : k % 4 == 1 ? four.B : k % 4 == 2 ? four.C : four.D, 0, 0, 0);
        }

        return new(lines[k * TLines.Count], 0, 0, 0);
    }

    private static FloatLanes4 Step<TShare, TLines>(FloatLanes4 sum, float x, FloatLanes4 w)
        where TShare : struct, IBlockShare
        where TLines : struct, IBlockLines => Count<TShare, TLines>() switch
    {
        1 => new(DeviceMath.FusedMultiplyAdd(x, w.A, sum.A), sum.B, sum.C, sum.D),
        2 => new(DeviceMath.FusedMultiplyAdd(x, w.A, sum.A), DeviceMath.FusedMultiplyAdd(x, w.B, sum.B), sum.C, sum.D),
        _ => FloatLanes4.MultiplyAdd(sum, x, w),
    };

    private static void Store<TShare, TLines>(ArrayView<float> c, int at, int step, FloatLanes4 x)
        where TShare : struct, IBlockShare
        where TLines : struct, IBlockLines
    {
        c[at] = x.A;
        if (Count<TShare, TLines>() > 1)
            c[at + step] = x.B;
        if (Count<TShare, TLines>() <= 2)
            return;
        c[at + 2 * step] = x.C;
        c[at + 3 * step] = x.D;
    }
}
