using Drift.Kernels;

namespace Drift.Models;

/// <summary>A layer and where its result goes.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Output">[rows, N], overwritten.</param>
/// <param name="Labels">
/// One label a row, where the timestep and the label decide the row of the input, as in the conditioning of a network: a unit may then take the result from a
/// <see cref="RowMemory"/>. Null elsewhere.
/// </param>
public readonly record struct Projection(LinearLayer Layer, Tensor Output, int[]? Labels = null);

/// <summary>
/// The seam that every network computes through. A network says which layer of which step it wants; whether that runs in fp32, in INT8, past the safe voltage or under
/// checks is the unit's business alone. A unit serves one thread.
/// </summary>
public interface IGemmUnit
{
    /// <summary>Y = X W^T + bias, for one or more layers that read the same input.</summary>
    /// <param name="step">Where in the run this happens.</param>
    /// <param name="input">
    /// X; its last extent is K. Its rows divide evenly among the pictures at work, each picture's rows together, and a picture is quantised, faulted and
    /// mended on its own.
    /// </param>
    /// <param name="projections">Layers with K columns, each with an output of as many rows and N columns.</param>
    void Linear(StepContext step, Tensor input, params ReadOnlySpan<Projection> projections);

    /// <summary>A convolution as an implicit GEMM.</summary>
    /// <param name="step">Where in the run this happens.</param>
    /// <param name="input">[batch, height, width, in channels].</param>
    /// <param name="layer">The layer.</param>
    /// <param name="output">[batch, out height, out width, out channels], overwritten.</param>
    void Convolve(StepContext step, Tensor input, ConvolutionLayer layer, Tensor output);

    /// <summary>The two products of attention around their softmax.</summary>
    /// <param name="step">Where in the run this happens.</param>
    /// <param name="call">Operands, heads and masks.</param>
    void Attend(StepContext step, AttentionCall call);
}
