using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>What INT8 does to one layer's outputs over a run.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="N">Output features.</param>
/// <param name="K">Input features.</param>
/// <param name="Signal">Sum of squares of the fp32 outputs.</param>
/// <param name="Noise">Sum of squares of what INT8 operands change.</param>
/// <param name="SaturatedNoise">The same where the outputs are INT8 too.</param>
public sealed record QuantisationError(LayerKey Layer, int N, int K, double Signal, double Noise, double SaturatedNoise)
{
    /// <summary>Signal to noise with INT8 operands, dB; infinite where they change nothing.</summary>
    public double Decibels => 10 * Math.Log10(Signal / Noise);

    /// <summary>The same where the outputs are INT8 too.</summary>
    public double SaturatedDecibels => 10 * Math.Log10(Signal / SaturatedNoise);
}

/// <summary>
/// Computes every layer in fp32, and those that a run would quantise in INT8 beside it: what each layer's quantisation costs by itself, on the inputs of an unquantised run. Serves one
/// thread.
/// </summary>
public sealed class QuantisationProbe : IGemmUnit, IDisposable
{
    private readonly FloatUnit _float = new();
    private readonly GuardedGemm _wide, _saturating;
    private readonly Func<LayerKey, bool> _covers;
    private readonly Dictionary<LayerKey, QuantisationError> _errors = [];

    /// <summary>A probe of one picture's run.</summary>
    /// <param name="platform">A machine that makes no errors.</param>
    /// <param name="layers">INT8 forms.</param>
    /// <param name="request">The picture.</param>
    /// <param name="covers">The layers that are looked at.</param>
    public QuantisationProbe(Platform platform, QuantisedLayers layers, PictureRequest request, Func<LayerKey, bool> covers)
    {
        GuardedGemm Open(OutputForm form) => new(platform, new Strategy(() => new UniformPolicy(OperatingPoint.Nominal), form, null) { Covers = covers }, layers, [new PictureRun(request)]);
        (_wide, _saturating, _covers) = (Open(OutputForm.Wide), Open(OutputForm.Saturating), covers);
    }

    /// <summary>What was found, in the order of execution.</summary>
    public IReadOnlyCollection<QuantisationError> Errors => _errors.Values;

    /// <inheritdoc/>
    public void Linear(StepContext step, Tensor input, params ReadOnlySpan<Projection> projections)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(input);
        _float.Linear(step, input, projections);
        foreach (var projection in projections)
        {
            if (!_covers(projection.Layer.Key))
                continue;
            using var scope = step.Workspace.Begin();
            var (wide, saturated) = (step.Workspace.Rent([.. projection.Output.Shape]), step.Workspace.Rent([.. projection.Output.Shape]));
            _wide.Linear(step, input, projection with { Output = wide });
            _saturating.Linear(step, input, projection with { Output = saturated });
            Note(projection.Layer, projection.Output, wide, saturated);
        }
    }

    /// <inheritdoc/>
    public void Convolve(StepContext step, Tensor input, ConvolutionLayer layer, Tensor output)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(output);
        _float.Convolve(step, input, layer, output);
        if (!_covers(layer.Linear.Key))
            return;
        using var scope = step.Workspace.Begin();
        var (wide, saturated) = (step.Workspace.Rent([.. output.Shape]), step.Workspace.Rent([.. output.Shape]));
        _wide.Convolve(step, input, layer, wide);
        _saturating.Convolve(step, input, layer, saturated);
        Note(layer.Linear, output, wide, saturated);
    }

    /// <inheritdoc/>
    public void Attend(StepContext step, AttentionCall call) => _float.Attend(step, call);

    /// <inheritdoc/>
    public void Dispose()
    {
        _wide.Dispose();
        _saturating.Dispose();
    }

    private void Note(LinearLayer layer, Tensor exact, Tensor wide, Tensor saturated)
    {
        var sum = _errors.GetValueOrDefault(layer.Key) ?? new QuantisationError(layer.Key, layer.N, layer.K, 0, 0, 0);
        _errors[layer.Key] = sum with
        {
            Signal = sum.Signal + Squares(exact.Span, default),
            Noise = sum.Noise + Squares(exact.Span, wide.Span),
            SaturatedNoise = sum.SaturatedNoise + Squares(exact.Span, saturated.Span),
        };
    }

    private static double Squares(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            double difference = b.IsEmpty ? a[i] : a[i] - b[i];
            sum += difference * difference;
        }

        return sum;
    }
}
