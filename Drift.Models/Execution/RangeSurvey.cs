using Drift.Kernels;

namespace Drift.Models;

/// <summary>How far the largest value of some tensors lies above their typical one.</summary>
public sealed class DynamicRange
{
    private double _squares;
    private long _count;

    /// <summary>Largest magnitude.</summary>
    public float Largest { get; private set; }

    /// <summary>Root of the mean square; NaN where nothing was seen.</summary>
    public double Typical => Math.Sqrt(_squares / _count);

    /// <summary>Largest over typical: 1 for a constant, 1.7 for uniform values, about 4 for thousands of normal ones, more under outliers.</summary>
    public double Ratio => Largest / Typical;

    /// <summary>Takes values.</summary>
    /// <param name="values">Finite.</param>
    public void Add(ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            Largest = MathF.Max(Largest, MathF.Abs(value));
            _squares += (double)value * value;
        }

        _count += values.Length;
    }
}

/// <summary>The ranges of a layer over a run.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Weight">Of its weights.</param>
public sealed record LayerRanges(LinearLayer Layer, DynamicRange Weight)
{
    /// <summary>Of what it read.</summary>
    public DynamicRange Input { get; } = new();

    /// <summary>Of what it gave.</summary>
    public DynamicRange Output { get; } = new();
}

/// <summary>
/// Lets another unit compute and measures how far each layer's largest values lie above the typical ones. Under one scale for a tensor that distance decides from which accumulator bit on
/// a flip is large beside the values that matter. Serves one thread.
/// </summary>
/// <param name="inner">Computes.</param>
public sealed class RangeSurvey(IGemmUnit inner) : IGemmUnit
{
    private readonly Dictionary<LayerKey, LayerRanges> _layers = [];

    /// <summary>Layers in the order in which they were first met.</summary>
    public IEnumerable<LayerRanges> Layers => _layers.Values;

    /// <inheritdoc/>
    public void Linear(StepContext step, Tensor input, params ReadOnlySpan<Projection> projections)
    {
        ArgumentNullException.ThrowIfNull(input);
        foreach (var projection in projections)
            Of(projection.Layer).Input.Add(input.Span);
        inner.Linear(step, input, projections);
        foreach (var projection in projections)
            Of(projection.Layer).Output.Add(projection.Output.Span);
    }

    /// <inheritdoc/>
    public void Convolve(StepContext step, Tensor input, ConvolutionLayer layer, Tensor output)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(output);
        Of(layer.Linear).Input.Add(input.Span);
        inner.Convolve(step, input, layer, output);
        Of(layer.Linear).Output.Add(output.Span);
    }

    /// <inheritdoc/>
    public void Attend(StepContext step, AttentionCall call) => inner.Attend(step, call);

    private LayerRanges Of(LinearLayer layer)
    {
        if (_layers.TryGetValue(layer.Key, out var ranges))
            return ranges;
        var weight = new DynamicRange();
        weight.Add(layer.Weight.ReadAll());
        return _layers[layer.Key] = new LayerRanges(layer, weight);
    }
}
