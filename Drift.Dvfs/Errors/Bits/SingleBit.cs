namespace Drift.Dvfs;

/// <summary>One bit takes every hit (ReaLM, arXiv 2503.24053; the paper's sweeps over bits).</summary>
/// <param name="bit">The bit, 0..31.</param>
/// <exception cref="ArgumentOutOfRangeException">No bit of an INT32.</exception>
public sealed class SingleBit(int bit) : IBitProfile
{
    private readonly IReadOnlyList<double> _weights = bit is >= 0 and <= 31
        ? [.. Enumerable.Range(0, bit + 1).Select(i => i == bit ? 1.0 : 0)]
        : throw new ArgumentOutOfRangeException(nameof(bit), bit, "an INT32 has bits 0 to 31");

    /// <inheritdoc/>
    public IReadOnlyList<double> WeightsAt(OperatingPoint point) => _weights;
}
