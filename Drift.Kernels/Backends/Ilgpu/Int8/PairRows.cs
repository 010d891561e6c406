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
    /// <param name="flat">X counts words, Y rows (<see cref="FlatIndex"/>).</param>
    /// <param name="a">A as words [padded rows, words].</param>
    /// <param name="pairs">Takes groups of <see cref="DirectTile.Rows"/> rows.</param>
    /// <param name="words">Words of a row.</param>
    public static void Widen(Index1D flat, ArrayView<int> a, ArrayView<int> pairs, int words)
    {
        var index = FlatIndex.At(flat, words);
        var word = a[index.Y * words + index.X];
        var at = Place(index.Y, index.X, DirectTile.Rows, words);
        pairs[at] = PairLanes.Even(word);
        pairs[at + DirectTile.Rows] = PairLanes.Odd(word);
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
        var sums = Sum(operand, layout, tile, index.Y, index.X);
        var at = Place(index.Y, index.X, group, layout.Words);
        pairs[at] = PairLanes.Pair(sums.A, sums.C);
        pairs[at + group] = PairLanes.Pair(sums.B, sums.D);
    }

    /// <summary>Where the even pairs of a word stand.</summary>
    public static int Place(int line, int word, int group, int words) => (line / group * words + word) * 2 * group + line % group;

    /// <summary>The sums of a tile's lines at four values of k.</summary>
    private static Lanes4 Sum(ArrayView<int> operand, OperandLayout layout, int tile, int which, int word)
    {
        int s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        var end = IntrinsicMath.Min((which + 1) * tile, layout.Lines);
        for (var line = which * tile; line < end; line++)
        {
            var x = operand[OperandLayout.At(layout, line, word)];
            s0 += x << 24 >> 24;
            s1 += x << 16 >> 24;
            s2 += x << 8 >> 24;
            s3 += x >> 24;
        }

        return new Lanes4(s0, s1, s2, s3);
    }
}
