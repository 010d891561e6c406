namespace Drift.Kernels;

/// <summary>
/// Runs INT8 x INT8 -> INT32 products. Every backend gives the same bits for the same call and plan. Safe for use by several threads at once
/// as long as each has its own output.
/// </summary>
public interface IGemmBackend : IDisposable
{
    /// <summary>The name that selects this backend, as <c>host</c> or <c>ilgpu-opencl</c>.</summary>
    string Name { get; }

    /// <summary>The backend's device, where activations can stay from layer to layer; null for a backend that only multiplies.</summary>
    ITensorDevice? Tensors => null;

    /// <summary>Brings weights into the backend's own form, with their tile line sums. Done once at load.</summary>
    /// <param name="weights">W [N, K], signed INT8, row-major without gaps.</param>
    /// <param name="n">Output features, at least 1.</param>
    /// <param name="k">Input features, at least 1.</param>
    /// <param name="tiles">Tiles of the checks: an edge of 1..256, or 0 for no checks, for flat sums.</param>
    /// <exception cref="ArgumentException">The span does not hold N x K values, or no product can be summed in such tiles.</exception>
    /// <exception cref="BackendUnavailableException">This backend takes no position-weighted sums.</exception>
    GemmWeights Prepare(ReadOnlySpan<sbyte> weights, int n, int k, ChecksumTiles tiles);

    /// <summary>
    /// C = A W^T modulo 2^32; then the plan's flips; then, unless the weights' tile is 0, the expected line sums (from the operands) and the
    /// observed ones (from the flipped accumulators).
    /// </summary>
    /// <param name="call">The operands.</param>
    /// <param name="faults">Flips to apply before line sums are observed.</param>
    /// <param name="output">Takes accumulators and sums.</param>
    /// <exception cref="ArgumentException">The weights were prepared by another backend, or a flip lies outside the product.</exception>
    void Multiply(in GemmCall call, FaultPlan faults, GemmOutput output);
}
