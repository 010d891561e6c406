namespace Drift.Kernels;

/// <summary>
/// A bad row or column of an array that holds a block of outputs at a time (32 x 32, outputs stationary): all faults fall on it, in every block alike. Blocks that do not reach it
/// have none.
/// </summary>
/// <param name="line">Row or column of the array, 0..31.</param>
/// <param name="isRow">True for a row.</param>
/// <exception cref="ArgumentOutOfRangeException">A line outside 0..31.</exception>
public sealed class BadLine(int line, bool isRow) : IFaultPattern
{
    private readonly int _line = line is >= 0 and < FaultPlan.Block
        ? line
        : throw new ArgumentOutOfRangeException(nameof(line), line, $"the array's lines are numbered 0 to {FaultPlan.Block - 1}");

    /// <inheritdoc/>
    public FaultRegion In(FaultBlock block, double rate)
    {
        // The line takes the hits of all 32, as far as it has room.
        var concentrated = Math.Min(1, rate * FaultPlan.Block);
        if (_line >= (isRow ? block.Rows : block.Columns))
            return FaultRegion.None;
        return isRow
            ? block.Whole(concentrated) with { Row = _line, Rows = 1 }
            : block.Whole(concentrated) with { Column = _line, Columns = 1 };
    }
}
