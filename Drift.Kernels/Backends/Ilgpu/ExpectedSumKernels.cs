using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>Where the words of an operand stand: groups of lines, one line after the other or interleaved.</summary>
/// <param name="Lines">Rows of A or of W.</param>
/// <param name="Group">Lines of a group.</param>
/// <param name="Words">Words of a line; a group takes as many times its lines.</param>
/// <param name="LineStep">Words from one line of a group to the next.</param>
/// <param name="WordStep">Words from one group of four k to the next.</param>
internal readonly record struct OperandLayout(int Lines, int Group, int Words, int LineStep, int WordStep)
{
    /// <summary>[line, word].</summary>
    public static OperandLayout RowMajor(int lines, int words) => new(lines, 1, words, 0, 1);

    /// <summary>Groups of lines, [group, word, line].</summary>
    public static OperandLayout Interleaved(int lines, int group, int words) => new(lines, group, words, 1, group);

    /// <summary>Where a word stands.</summary>
    public static int At(OperandLayout layout, int line, int word) =>
        line / layout.Group * layout.Group * layout.Words + line % layout.Group * layout.LineStep + word * layout.WordStep;
}

/// <summary>
/// Expected line sums, for families that do not get them from the product itself. A product's row sums within a tile are A times the sums of W's lines in that tile, its column sums W
/// times the sums of A's lines: the same two steps with the operands exchanged.
/// </summary>
internal static class ExpectedSumKernels
{
    /// <summary>Sums the lines of an operand within each checksum tile.</summary>
    /// <param name="index">X counts words, Y tiles.</param>
    /// <param name="operand">The operand's words.</param>
    /// <param name="layout">Where they stand.</param>
    /// <param name="tile">Edge of a checksum tile.</param>
    /// <param name="encoded">Takes the sums [tile, 4 x words], one INT32 a value of k.</param>
    public static void Encode(Index2D index, ArrayView<int> operand, OperandLayout layout, int tile, ArrayView<int> encoded)
    {
        var sums = Sum(operand, layout, tile, index.Y, index.X);
        var at = 4 * (index.Y * layout.Words + index.X);
        encoded[at] = sums.A;
        encoded[at + 1] = sums.B;
        encoded[at + 2] = sums.C;
        encoded[at + 3] = sums.D;
    }

    /// <summary>Multiplies the lines of one operand with the encoded lines of the other.</summary>
    /// <param name="index">X counts lines, Y tiles.</param>
    /// <param name="operand">The operand's words.</param>
    /// <param name="layout">Where they stand.</param>
    /// <param name="encoded">The other operand's sums.</param>
    /// <param name="sums">Takes a sum a line and tile.</param>
    /// <param name="lineStep">Sums from one line to the next.</param>
    /// <param name="tileStep">Sums from one tile to the next.</param>
    public static void Expect(
        Index2D index, ArrayView<int> operand, OperandLayout layout, ArrayView<int> encoded, ArrayView<int> sums, int lineStep, int tileStep)
    {
        var sum = 0;
        for (var p = 0; p < layout.Words; p++)
        {
            var word = operand[OperandLayout.At(layout, index.X, p)];
            var at = 4 * (index.Y * layout.Words + p);
            sum += (word << 24 >> 24) * encoded[at]
                + (word << 16 >> 24) * encoded[at + 1]
                + (word << 8 >> 24) * encoded[at + 2]
                + (word >> 24) * encoded[at + 3];
        }

        sums[index.X * lineStep + index.Y * tileStep] = sum;
    }

    /// <summary>The sums of a tile's lines at four values of k.</summary>
    public static Lanes4 Sum(ArrayView<int> operand, OperandLayout layout, int tile, int which, int word)
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
