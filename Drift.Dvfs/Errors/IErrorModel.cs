using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>What errors an operating point brings. Immutable, for all threads.</summary>
public interface IErrorModel
{
    /// <summary>How often an output element is hit at a point, and in which bit. The rate is per ELEMENT of the INT32 result.</summary>
    /// <param name="point">Where the GEMM executes.</param>
    /// <exception cref="OperatingPointException">The model does not know the point; it never guesses.</exception>
    BitErrorProfile At(OperatingPoint point);
}
