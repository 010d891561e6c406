using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>
/// One rate at every point but the nominal one, whatever its voltage: for sweeps over the rate itself. The nominal point stays safe, so that a policy can
/// still protect steps.
/// </summary>
/// <param name="ratePerElement">Probability that an output element is hit, 0..1.</param>
/// <exception cref="ArgumentException">The rate lies outside 0..1.</exception>
public sealed class FixedRate(double ratePerElement) : IErrorModel
{
    private readonly BitErrorProfile _safe = BitErrorProfile.Uniform(0);
    private readonly BitErrorProfile _unsafe = BitErrorProfile.Uniform(ratePerElement);

    /// <inheritdoc/>
    public BitErrorProfile At(OperatingPoint point) => point == OperatingPoint.Nominal ? _safe : _unsafe;
}
