using Drift.Kernels;

namespace Drift.Models;

/// <summary>A product, or several equal ones, of one forward pass.</summary>
/// <param name="Layer">The layer; null for attention's products, which have no weights.</param>
/// <param name="Block">The block that it stands in.</param>
/// <param name="Shape">The product.</param>
/// <param name="Count">How many of this shape: the heads of an attention.</param>
public sealed record ForwardProduct(LayerKey? Layer, int Block, GemmShape Shape, int Count)
{
    /// <summary>Multiply-accumulates of all of them.</summary>
    public long Macs => Shape.Macs * Count;

    /// <summary>Weights that are read.</summary>
    public long Weights => Layer is null ? 0 : (long)Shape.N * Shape.K;
}

/// <summary>
/// Computes nothing: notes the shape of every product that a network asks for, convolutions as the products over their windows, and hands out zeros. What it notes is
/// therefore what a run executes, not what somebody counted.
/// </summary>
public sealed class ForwardSurvey : IGemmUnit
{
    private readonly List<ForwardProduct> _products = [];
    private int _block;

    private ForwardSurvey()
    {
    }

    /// <summary>The products of one forward pass of one sample, in order.</summary>
    /// <param name="denoiser">The network.</param>
    /// <param name="conditioning">What one sample is told.</param>
    public static IReadOnlyList<ForwardProduct> Of(IDenoiser denoiser, Conditioning conditioning)
    {
        ArgumentNullException.ThrowIfNull(denoiser);
        var survey = new ForwardSurvey();
        var (channels, height, width) = denoiser.LatentShape;
        denoiser.Predict(new Tensor(1, channels, height, width), new StepContext(0, 0, new Workspace()), conditioning, survey);
        return survey._products;
    }

    /// <inheritdoc/>
    public void Linear(StepContext step, Tensor input, params ReadOnlySpan<Projection> projections)
    {
        foreach (var projection in projections)
            Note(projection.Layer, projection.Output.Length / projection.Layer.N, projection.Output);
    }

    /// <inheritdoc/>
    public void Convolve(StepContext step, Tensor input, ConvolutionLayer layer, Tensor output)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(output);
        Note(layer.Linear, output.Rows, output);
    }

    /// <inheritdoc/>
    public void Attend(StepContext step, AttentionCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var heads = call.Samples * call.Heads;
        _products.Add(new ForwardProduct(null, _block, new GemmShape(call.Tokens, call.KeyTokens, call.Depth), heads));
        _products.Add(new ForwardProduct(null, _block, new GemmShape(call.Tokens, call.Depth, call.KeyTokens), heads));
        call.Output.Span.Clear();
    }

    private void Note(LinearLayer layer, int rows, Tensor output)
    {
        _block = layer.Key.Block;
        _products.Add(new ForwardProduct(layer.Key, _block, new GemmShape(rows, layer.N, layer.K), 1));
        output.Span.Clear();
    }
}
