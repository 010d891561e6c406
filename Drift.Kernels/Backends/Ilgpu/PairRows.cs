using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// Operands as <see cref="DirectKernel"/> reads them: pairs of INT16 (<see cref="PairLanes"/>), a group of lines beside each other, so that a step along k takes one stretch of
/// memory. A word of four k becomes the group's even pairs, then its odd ones.
/// </summary>
internal static class PairRows
{
    /// <summary>Words of some lines, in whole groups.</summary>
    /// <param name="lines">Lines.</param>
    /// <param name="group">Lines of a group.</param>
    /// <param name="words">Words of a line, of four k each.</param>
    public static int Length(int lines, int group, int words) => checked(IlgpuWeights.RoundUp(lines, group) * words * 2);

    /// <summary>Widens A.</summary>
    /// <param name="index">X counts words, Y rows.</param>
    /// <param name="a">A as words [padded rows, words].</param>
    /// <param name="pairs">Takes groups of <see cref="DirectTile.Rows"/> rows.</param>
    /// <param name="words">Words of a row.</param>
    public static void Widen(Index2D index, ArrayView<int> a, ArrayView<int> pairs, int words)
    {
        var word = a[index.Y * words + index.X];
        var at = Place(index.Y, index.X, DirectTile.Rows, words);
        pairs[at] = PairLanes.Even(word);
        pairs[at + DirectTile.Rows] = PairLanes.Odd(word);
    }

    /// <summary><see cref="Widen"/> and <see cref="Encode"/> of A in one pass, for tiles of whole groups: the same words.</summary>
    /// <param name="index">X counts stretches of sixteen words, Y tiles.</param>
    /// <param name="a">A as words [padded rows, words].</param>
    /// <param name="pairs">Takes groups of <see cref="DirectTile.Rows"/> rows.</param>
    /// <param name="sums">Takes the sums of each tile's rows, in such groups too.</param>
    /// <param name="rows">Padded rows.</param>
    /// <param name="words">Words of a row.</param>
    /// <param name="tile">Rows of a tile, a multiple of the group.</param>
    public static void Lay(Index2D index, ArrayView<int> a, ArrayView<int> pairs, ArrayView<int> sums, int rows, int words, int tile)
    {
        const int Stretch = DirectTile.Columns, Step = 2 * DirectTile.Rows;
        int first = index.X * Stretch, top = index.Y * tile, end = IntrinsicMath.Min(top + tile, rows);
        var at = Place(index.Y, first, DirectTile.Rows, words);
        if (first + Stretch > words)
        {
            for (var word = first; word < words; word++)
            {
                int sumEven = 0, sumOdd = 0;
                for (var row = top; row < end; row++)
                {
                    var x = a[row * words + word];
                    var to = Place(row, word, DirectTile.Rows, words);
                    pairs[to] = PairLanes.Even(x);
                    pairs[to + DirectTile.Rows] = PairLanes.Odd(x);
                    sumEven = PairLanes.Add(sumEven, PairLanes.Even(x));
                    sumOdd = PairLanes.Add(sumOdd, PairLanes.Odd(x));
                }

                sums[at] = sumEven;
                sums[at + DirectTile.Rows] = sumOdd;
                at += Step;
            }

            return;
        }

        Lanes16 even = default, odd = default;
        for (var row = top; row < end; row += DirectTile.Rows)
        {
            var from = row * words + first;
            Lanes16 r0 = LaneMemory.Load16(a, from), r1 = LaneMemory.Load16(a, from + words), r2 = LaneMemory.Load16(a, from + 2 * words);
            Lanes16 r3 = LaneMemory.Load16(a, from + 3 * words), r4 = LaneMemory.Load16(a, from + 4 * words), r5 = LaneMemory.Load16(a, from + 5 * words);
            Lanes16 r6 = LaneMemory.Load16(a, from + 6 * words), r7 = LaneMemory.Load16(a, from + 7 * words);
            var to = Place(row, first, DirectTile.Rows, words);
            even = LayOne(even, pairs, to, PairLanes.Even(r0), PairLanes.Even(r1), PairLanes.Even(r2), PairLanes.Even(r3), PairLanes.Even(r4), PairLanes.Even(r5), PairLanes.Even(r6), PairLanes.Even(r7));
            odd = LayOne(odd, pairs, to + DirectTile.Rows, PairLanes.Odd(r0), PairLanes.Odd(r1), PairLanes.Odd(r2), PairLanes.Odd(r3), PairLanes.Odd(r4), PairLanes.Odd(r5), PairLanes.Odd(r6), PairLanes.Odd(r7));
        }

        LaneMemory.Scatter(sums, at, Step, even);
        LaneMemory.Scatter(sums, at + DirectTile.Rows, Step, odd);
    }

    /// <summary>Stores eight rows of sixteen pairs as sixteen rows of eight, and adds them up.</summary>
    private static Lanes16 LayOne(Lanes16 sum, ArrayView<int> pairs, int to, Lanes16 a, Lanes16 b, Lanes16 c, Lanes16 d, Lanes16 e, Lanes16 f, Lanes16 g, Lanes16 h)
    {
        const int Step = 2 * DirectTile.Rows;
        LaneMemory.Transpose(pairs, to, Step, a.A, b.A, c.A, d.A, e.A, f.A, g.A, h.A);
        LaneMemory.Transpose(pairs, to + 4 * Step, Step, a.B, b.B, c.B, d.B, e.B, f.B, g.B, h.B);
        LaneMemory.Transpose(pairs, to + 8 * Step, Step, a.C, b.C, c.C, d.C, e.C, f.C, g.C, h.C);
        LaneMemory.Transpose(pairs, to + 12 * Step, Step, a.D, b.D, c.D, d.D, e.D, f.D, g.D, h.D);
        sum = PairLanes.Add(PairLanes.Add(PairLanes.Add(PairLanes.Add(sum, a), b), c), d);
        return PairLanes.Add(PairLanes.Add(PairLanes.Add(PairLanes.Add(sum, e), f), g), h);
    }

    /// <summary>Sums the lines of an operand within each checksum tile. The sums of 256 INT8 fit 16 bits.</summary>
    /// <param name="index">X counts words, Y tiles.</param>
    /// <param name="operand">The operand's words.</param>
    /// <param name="layout">Where they stand.</param>
    /// <param name="tile">Edge of a checksum tile.</param>
    /// <param name="pairs">Takes the sums.</param>
    /// <param name="group">Lines of a group there.</param>
    public static void Encode(Index2D index, ArrayView<int> operand, OperandLayout layout, int tile, ArrayView<int> pairs, int group)
    {
        var sums = ExpectedSumKernels.Sum(operand, layout, tile, index.Y, index.X);
        var at = Place(index.Y, index.X, group, layout.Words);
        pairs[at] = PairLanes.Pair(sums.A, sums.C);
        pairs[at + group] = PairLanes.Pair(sums.B, sums.D);
    }

    /// <summary>Where the even pairs of a word stand.</summary>
    public static int Place(int line, int word, int group, int words) => (line / group * words + word) * 2 * group + line % group;
}
