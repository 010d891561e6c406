using Drift.Kernels;

namespace Drift.Abft;

/// <summary>Decides which lines of a product are wrong from what their sums should be and what they are. Immutable: one rule serves all threads.</summary>
public interface IDetectionRule
{
    /// <summary>Judges one product.</summary>
    /// <param name="expected">Line sums from the operands, modulo 2^32.</param>
    /// <param name="observed">Line sums of the accumulators, modulo 2^32; of the same shape and tile.</param>
    /// <param name="finding">Takes the verdict; what it held before is forgotten. One a worker, reused.</param>
    /// <exception cref="ArgumentException">The two sums differ in shape or tile.</exception>
    void Judge(LineSums expected, LineSums observed, Finding finding);
}
