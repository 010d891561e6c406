namespace Drift.Abft;

/// <summary>What rounding may do to a line's two sums in floating point: a deviation beyond it is a fault. Immutable: one bound serves all threads.</summary>
public interface IRoundingBound
{
    /// <summary>The largest |observed - expected| of a line without faults, at least 0.</summary>
    /// <param name="line">What is known of the operands behind the line.</param>
    double Of(in CheckedLine line);
}
