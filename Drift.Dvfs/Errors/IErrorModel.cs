using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>What errors an operating point brings. Immutable, for all threads.</summary>
public interface IErrorModel
{
    /// <summary>How often an output element is hit at a point, in which bit, and how hits lie together. The rate is per ELEMENT of the INT32 result.</summary>
    /// <param name="point">Where the GEMM executes.</param>
    /// <param name="depth">K, multiply-accumulates of an output element, at least 1: what turns a rate per MAC into one per element.</param>
    /// <exception cref="OperatingPointException">The model does not know the point; it never guesses.</exception>
    BitErrorProfile At(OperatingPoint point, int depth);
}
