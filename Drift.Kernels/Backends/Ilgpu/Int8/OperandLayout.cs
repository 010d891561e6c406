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
