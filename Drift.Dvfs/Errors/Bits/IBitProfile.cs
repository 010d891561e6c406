namespace Drift.Dvfs;

/// <summary>Which bit of an accumulator a hit inverts. Immutable, for all threads.</summary>
public interface IBitProfile
{
    /// <summary>Relative weights of bits 0..31 at a point, missing ones 0; at least one is positive.</summary>
    /// <param name="point">Where the GEMM executes.</param>
    IReadOnlyList<double> WeightsAt(OperatingPoint point);
}
