using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>Where the words of an operand stand: A is [line, word], W is [word, line].</summary>
/// <param name="Lines">Rows of A or of W.</param>
/// <param name="LineStep">Words from one line to the next.</param>
/// <param name="WordStep">Words from one group of four k to the next.</param>
/// <param name="Words">Words of a line.</param>
internal readonly record struct OperandLayout(int Lines, int LineStep, int WordStep, int Words);

/// <summary>
/// Expected line sums. A product's row sums within a tile are A times the sums of W's lines in that tile, its column sums W times the sums of A's lines: the same
/// two steps with the operands exchanged.
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
        int s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        var end = IntrinsicMath.Min((index.Y + 1) * tile, layout.Lines);
        for (var line = index.Y * tile; line < end; line++)
        {
            var word = operand[line * layout.LineStep + index.X * layout.WordStep];
            s0 += word << 24 >> 24;
            s1 += word << 16 >> 24;
            s2 += word << 8 >> 24;
            s3 += word >> 24;
        }

        var at = 4 * (index.Y * layout.Words + index.X);
        encoded[at] = s0;
        encoded[at + 1] = s1;
        encoded[at + 2] = s2;
        encoded[at + 3] = s3;
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
            var word = operand[index.X * layout.LineStep + p * layout.WordStep];
            var at = 4 * (index.Y * layout.Words + p);
            sum += (word << 24 >> 24) * encoded[at]
                + (word << 16 >> 24) * encoded[at + 1]
                + (word << 8 >> 24) * encoded[at + 2]
                + (word >> 24) * encoded[at + 3];
        }

        sums[index.X * lineStep + index.Y * tileStep] = sum;
    }
}
