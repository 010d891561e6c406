namespace Drift.Kernels;

/// <summary>Hits take several neighbours of a row at once, each in a bit of its own.</summary>
/// <param name="length">Elements of a burst, 1..32.</param>
/// <exception cref="ArgumentOutOfRangeException">A length outside 1..32.</exception>
public sealed class Burst(int length) : IFaultPattern
{
    private readonly int _length = length is >= 1 and <= FaultPlan.Block
        ? length
        : throw new ArgumentOutOfRangeException(nameof(length), length, $"a burst takes 1 to {FaultPlan.Block} elements");

    /// <inheritdoc/>
    public FaultRegion In(FaultBlock block, double rate)
    {
        // An element is hit unless none of the bursts begins that would cover it: 1 - (1 - q)^L = p.
        var run = Math.Min(_length, block.Columns);
        return block.Whole(1 - Math.Pow(1 - rate, 1.0 / run)) with { Run = run };
    }
}
