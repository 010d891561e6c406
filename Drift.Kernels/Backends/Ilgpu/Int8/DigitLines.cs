using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>The summed lines of both operands.</summary>
/// <param name="A">Of A.</param>
/// <param name="W">Of W.</param>
internal readonly record struct LineViews(ArrayView<int> A, ArrayView<int> W);

/// <summary>
/// The sums of an operand's lines within each checksum tile, as two lines of INT8 that the matrix units take: s = 256 h + l with l in -128..127. Up to 256 lines a tile, s is within -32768..32512, so h
/// is within -128..127. A product with them gives the expected line sums as 256 C_h + C_l, exact modulo 2^32. Tile q has its lines at 16 (q / 8) + q % 8 and 8 below, so that one lane gets both results.
/// </summary>
internal static class DigitLines
{
    /// <summary>Most lines of a tile.</summary>
    public const int LargestTile = 256;

    /// <summary>Lines that hold eight tiles' sums.</summary>
    public const int OfEight = 16;

    // Threads that add up a word's sums in the first of two steps; the second adds theirs.
    private const int Parts = 8;

    /// <summary>Threads of a group: as many words as a slice has, by as many lines.</summary>
    public const int Threads = MatrixBlocks.SliceWords * MatrixBlocks.SliceWords;

    /// <summary>Lines that hold some tiles' sums, padded to whole blocks of columns.</summary>
    public static int Rows(int tiles) => (tiles + 7) / 8 * OfEight + MatrixBlocks.LineColumns - 1 & -MatrixBlocks.LineColumns;

    /// <summary>Where the high digit of a tile's line stands.</summary>
    public static int At(int tile) => First(tile) + (tile & 7);

    /// <summary>The first line of a tile's eight.</summary>
    public static int First(int tile) => tile / 8 * OfEight;

    /// <summary>One thread: the groups along x count tiles, along y, which ends at 65,535, slices of words.</summary>
    /// <param name="operand">The operand's words [lines, words].</param>
    /// <param name="lines">Its lines.</param>
    /// <param name="words">Words of a line, whole slices.</param>
    /// <param name="tile">Edge of a checksum tile, a multiple of 32.</param>
    /// <param name="digits">Takes the lines [<see cref="Rows"/>, words].</param>
    /// <param name="sums">Observed sums that are to be zero before the product, cleared in passing; empty for none.</param>
    public static void Encode(ArrayView<int> operand, int lines, int words, int tile, ArrayView<int> digits, SumViews sums)
    {
        Clear(sums.ObservedRows);
        Clear(sums.ObservedColumns);
        const int Across = MatrixBlocks.SliceWords;
        var shared = SharedMemory.Allocate<int>(Threads * 4);
        int word = Grid.IdxY * Across + (Group.IdxX & Across - 1), first = Group.IdxX / Across;
        var end = IntrinsicMath.Min((Grid.IdxX + 1) * tile, lines);
        var sum = default(Lanes4);
        for (var line = Grid.IdxX * tile + first; line < end; line += 4 * Across)
        {
            // Four loads under way at once.
            var x0 = operand[line * words + word];
            var x1 = line + Across < end ? operand[(line + Across) * words + word] : 0;
            var x2 = line + 2 * Across < end ? operand[(line + 2 * Across) * words + word] : 0;
            var x3 = line + 3 * Across < end ? operand[(line + 3 * Across) * words + word] : 0;
            sum = Lanes4.Add(sum, Lanes4.Add(Lanes4.Add(Unpack(x0), Unpack(x1)), Lanes4.Add(Unpack(x2), Unpack(x3))));
        }

        Store(shared, digits, sum, word, words, Across);
    }

    /// <summary>Words that a group of <see cref="Quantise"/> takes side by side, as a power of two: few of a high tile, so that a thread has four lines of one of 128.</summary>
    public static int AcrossBits(int tile) => tile < 128 ? 4 : 3;

    /// <summary>How <see cref="Quantise"/> is launched.</summary>
    public static KernelConfig Groups(QuantiseExtents e) => new(new Index2D(IlgpuWeights.TilesIn(e.PaddedRows, e.Tile), e.Words >> AcrossBits(e.Tile)), new Index2D(Threads, 1));

    /// <summary>One thread, as in <see cref="Encode"/>: fp32 to codes as <see cref="QuantiseKernels"/> has it, and the codes' lines in passing.</summary>
    /// <param name="values">[rows, width].</param>
    /// <param name="largest">A group's largest magnitude as bits.</param>
    /// <param name="codes">Takes words [padded rows, words].</param>
    /// <param name="digits">Takes the lines [<see cref="Rows"/>, words]; a single word where nobody wants them.</param>
    /// <param name="e">Extents; <paramref name="codes"/> are written, and summed, in tiles of as many rows.</param>
    /// <param name="bits">Words that a group takes side by side (<see cref="AcrossBits"/>).</param>
    public static void Quantise(ArrayView<float> values, ArrayView<int> largest, ArrayView<int> codes, ArrayView<int> digits, QuantiseExtents e, int bits)
    {
        var shared = SharedMemory.Allocate<int>(Threads * 4);
        int across = 1 << bits, word = (Grid.IdxY << bits) + (Group.IdxX & across - 1), first = Group.IdxX >> bits, down = Threads >> bits;
        var end = IntrinsicMath.Min((Grid.IdxX + 1) * e.Tile, e.PaddedRows);
        var sum = default(Lanes4);
        for (var line = Grid.IdxX * e.Tile + first; line < end; line += 4 * down)
        {
            // Four loads under way at once, and that of the scale: what decides over a code is a branch, which no load passes.
            FloatLanes4 v0 = Load(values, line, word, e), v1 = Load(values, line + down, word, e), v2 = Load(values, line + 2 * down, word, e), v3 = Load(values, line + 3 * down, word, e);
            var whole = CodeScale.Of(largest[0]);
            Lanes4 x0 = Codes(v0, largest, whole, line, end, word, e), x1 = Codes(v1, largest, whole, line + down, end, word, e);
            Lanes4 x2 = Codes(v2, largest, whole, line + 2 * down, end, word, e), x3 = Codes(v3, largest, whole, line + 3 * down, end, word, e);
            codes[line * e.Words + word] = Pack(x0);
            if (line + down < end)
                codes[(line + down) * e.Words + word] = Pack(x1);
            if (line + 2 * down < end)
                codes[(line + 2 * down) * e.Words + word] = Pack(x2);
            if (line + 3 * down < end)
                codes[(line + 3 * down) * e.Words + word] = Pack(x3);
            sum = Lanes4.Add(sum, Lanes4.Add(Lanes4.Add(x0, x1), Lanes4.Add(x2, x3)));
        }

        if (digits.IntLength > 1 && Grid.IdxX * e.Tile < e.Rows)
            Store(shared, digits, sum, word, e.Words, across);
    }

    /// <summary>The four values of a word; past the last row or, where they are loaded at once, the last column some others: without a branch.</summary>
    private static FloatLanes4 Load(ArrayView<float> values, int line, int word, QuantiseExtents e)
    {
        int row = IntrinsicMath.Min(line, e.Rows - 1) * e.Width, k = word * 4;
        return ((e.Width | e.First) & 3) == 0
            ? FloatQuad.Load(values, row + IntrinsicMath.Min(k, e.Width - 4))
            : new(Load(values, row, k, e.Width), Load(values, row, k + 1, e.Width), Load(values, row, k + 2, e.Width), Load(values, row, k + 3, e.Width));
    }

    private static float Load(ArrayView<float> values, int row, int k, int width) => k < width ? values[row + k] : 0;

    /// <summary>
    /// The four codes of a word, zero past the values and past the group's lines. Under a scale that is no number, of values that are none, a last word's padding has 127 where values are loaded one by one:
    /// W is zero there, so neither products nor sums see it.
    /// </summary>
    private static Lanes4 Codes(FloatLanes4 x, ArrayView<int> largest, CodeScale whole, int line, int end, int word, QuantiseExtents e)
    {
        if (line >= end || line >= e.Rows || word * 4 >= e.Width)
            return default;
        return CodeScale.Codes(x, e.RowsOfGroup >= e.Rows ? whole : CodeScale.Of(largest[line / e.RowsOfGroup]));
    }

    /// <summary>A tile's sum of a word over all threads of the group that have one, as digits: in two steps, eight threads a word in the first.</summary>
    private static void Store(ArrayView<int> shared, ArrayView<int> digits, Lanes4 sum, int word, int words, int across)
    {
        Quad.Store(shared, Group.IdxX * 4, sum);
        Group.Barrier();
        // Written out, so that loads are under way at once.
        var stride = Parts * across;
        if (Group.IdxX < stride)
        {
            sum = Lanes4.Add(sum, Quad.Load(shared, (Group.IdxX + stride) * 4));
            if (stride < Threads / 2)
                sum = Lanes4.Add(sum, Lanes4.Add(Quad.Load(shared, (Group.IdxX + 2 * stride) * 4), Quad.Load(shared, (Group.IdxX + 3 * stride) * 4)));
            Quad.Store(shared, Group.IdxX * 4, sum);
        }

        Group.Barrier();
        if (Group.IdxX >= across)
            return;
        sum = Lanes4.Add(Lanes4.Add(sum, Part(shared, 1, across)), Lanes4.Add(Part(shared, 2, across), Part(shared, 3, across)));
        sum = Lanes4.Add(sum, Lanes4.Add(Lanes4.Add(Part(shared, 4, across), Part(shared, 5, across)), Lanes4.Add(Part(shared, 6, across), Part(shared, 7, across))));
        var at = At(Grid.IdxX) * words + word;
        digits[at] = Pack(new(High(sum.A), High(sum.B), High(sum.C), High(sum.D)));
        digits[at + 8 * words] = Pack(sum);
    }

    private static Lanes4 Part(ArrayView<int> shared, int part, int across) => Quad.Load(shared, (part * across + Group.IdxX) * 4);

    private static void Clear(ArrayView<int> view)
    {
        var threads = Grid.DimX * Grid.DimY * Threads;
        for (var at = (Grid.IdxY * Grid.DimX + Grid.IdxX) * Threads + Group.IdxX; at < view.IntLength; at += threads)
            view[at] = 0;
    }

    private static Lanes4 Unpack(int x) => new(x << 24 >> 24, x << 16 >> 24, x << 8 >> 24, x >> 24);

    private static int High(int s) => s - (s << 24 >> 24) >> 8;

    private static int Pack(Lanes4 x) => x.A & 255 | (x.B & 255) << 8 | (x.C & 255) << 16 | x.D << 24;
}
