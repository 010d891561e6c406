using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// A 2-D convolution as trained. Activations are [batch, height, width, channels], so that an output pixel is a row of a GEMM and the layer is a linear one
/// over the window: K = kernel x kernel x in channels, ordered (kernel row, kernel column, channel).
/// </summary>
public sealed class ConvolutionLayer
{
    /// <summary>Keeps the weights, reordered to the window's order.</summary>
    /// <param name="key">Block, role and index.</param>
    /// <param name="weight">[out, in, kernel, kernel] as PyTorch stores it.</param>
    /// <param name="bias">Out-channel values, or empty.</param>
    /// <param name="outChannels">Filters.</param>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="kernel">Edge of the window.</param>
    /// <param name="stride">Step of the window.</param>
    /// <param name="padding">Zeros before the first row and column.</param>
    /// <param name="paddingAfter">Zeros behind the last row and column; as <paramref name="padding"/> when null.</param>
    /// <exception cref="ArgumentException">The weights are not as many as the extents say, or the bias has another length.</exception>
    public ConvolutionLayer(LayerKey key, ReadOnlySpan<float> weight, float[] bias, int outChannels, int inChannels, int kernel, int stride = 1,
        int padding = 0, int? paddingAfter = null)
    {
        if (weight.Length != (long)outChannels * inChannels * kernel * kernel)
            throw new ArgumentException($"{key}: [{outChannels}, {inChannels}, {kernel}, {kernel}] weights do not hold {weight.Length} values", nameof(weight));
        (Kernel, Stride, Padding, PaddingAfter) = (kernel, stride, padding, paddingAfter ?? padding);
        InChannels = inChannels;
        Linear = new LinearLayer(key, FilterOrder.OverWindow(weight, inChannels, kernel), bias, outChannels, inChannels * kernel * kernel);
    }

    private ConvolutionLayer(LinearLayer windows, int inChannels, int kernel, int stride, int padding, int paddingAfter) =>
        (Linear, InChannels, Kernel, Stride, Padding, PaddingAfter) = (windows, inChannels, kernel, stride, padding, paddingAfter);

    /// <summary>Reads a layer under the names that PyTorch gives its parts: <c>name.weight</c> and <c>name.bias</c>.</summary>
    /// <param name="weights">A folder's weights.</param>
    /// <param name="name">The layer's name.</param>
    /// <param name="key">Block, role and index.</param>
    /// <param name="outChannels">Filters.</param>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="kernel">Edge of the window.</param>
    /// <param name="stride">Step of the window.</param>
    /// <param name="padding">Zeros before the first row and column.</param>
    /// <param name="paddingAfter">Zeros behind the last row and column; as <paramref name="padding"/> when null.</param>
    /// <exception cref="ModelFormatException">A tensor has another shape or holds NaN or infinity.</exception>
    public static ConvolutionLayer Read(ModelWeights weights, string name, LayerKey key, int outChannels, int inChannels, int kernel, int stride = 1, int padding = 0, int? paddingAfter = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var windows = new LinearLayer(key, weights.Rows($"{name}.weight", outChannels, inChannels, kernel, kernel), weights.Read($"{name}.bias", outChannels));
        return new ConvolutionLayer(windows, inChannels, kernel, stride, padding, paddingAfter ?? padding);
    }

    /// <summary>The layer over windows: N = out channels, K = kernel x kernel x in channels.</summary>
    public LinearLayer Linear { get; }

    /// <summary>Channels of the input.</summary>
    public int InChannels { get; }

    /// <summary>Edge of the window.</summary>
    public int Kernel { get; }

    /// <summary>Step of the window.</summary>
    public int Stride { get; }

    /// <summary>Zeros before the first row and column.</summary>
    public int Padding { get; }

    /// <summary>Zeros behind the last row and column.</summary>
    public int PaddingAfter { get; }

    /// <summary>Output extent for an input extent (height or width).</summary>
    /// <param name="extent">Input height or width.</param>
    public int Output(int extent) => (extent + Padding + PaddingAfter - Kernel) / Stride + 1;

    /// <summary>The layer over an input, as the kernels take it.</summary>
    /// <param name="input">[batch, height, width, in channels]: only its shape is read.</param>
    /// <exception cref="ArgumentException">The input has other channels, or the window does not fit it.</exception>
    public ConvolutionShape Over(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Shape is not [var batch, var height, var width, var channels] || channels != InChannels)
            throw new ArgumentException($"{Linear.Key}: an input of [{string.Join(", ", input.Shape)}] is not [batch, height, width, {InChannels}]", nameof(input));
        return new ConvolutionShape(batch, height, width, InChannels, Linear.N, Kernel) { Stride = Stride, Padding = Padding, PaddingAfter = PaddingAfter }.Required();
    }
}
