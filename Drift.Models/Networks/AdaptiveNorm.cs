using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// The shifts, scales and gates that an embedding gives each sample (adaLN; Peebles and Xie, arXiv 2212.09748), and what transformers do with them.
/// </summary>
/// <param name="parts">[samples, parts x width].</param>
/// <param name="width">Values of a part, and of a token.</param>
internal readonly struct AdaptiveNorm(Tensor parts, int width)
{
    /// <summary>[samples, parts x width].</summary>
    public Tensor Parts => parts;

    /// <summary>norm(x) x (1 + scale) + shift, where part p is the shift and part p + 1 the scale.</summary>
    /// <param name="hidden">x, [samples, tokens, width].</param>
    /// <param name="part">p.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="output">As x; may be x.</param>
    public void Norm(Tensor hidden, int part, float epsilon, Tensor output)
    {
        if (hidden.DeviceWith(output) is { } device)
        {
            device.Modulate(hidden, parts, part, epsilon, output);
            return;
        }

        var (each, samples) = (hidden.Length / hidden.Shape[0], hidden.Shape[0]);
        Span<float> x = hidden.Span, y = output.Span;
        for (var s = 0; s < samples; s++)
            LayerNorm.Modulate(x.Slice(s * each, each), Part(s, part + 1), Part(s, part), epsilon, y.Slice(s * each, each));
    }

    /// <summary>x += gate x branch.</summary>
    /// <param name="hidden">x, [samples, tokens, width].</param>
    /// <param name="branch">As x.</param>
    /// <param name="part">The part that is the gate.</param>
    public void AddGated(Tensor hidden, Tensor branch, int part)
    {
        if (hidden.DeviceWith(branch) is { } device)
        {
            device.AddGated(hidden, branch, parts, part);
            return;
        }

        var (each, samples) = (hidden.Length / hidden.Shape[0], hidden.Shape[0]);
        Span<float> x = hidden.Span, y = branch.Span;
        for (var s = 0; s < samples; s++)
            GatedSum.Add(x.Slice(s * each, each), y.Slice(s * each, each), Part(s, part));
    }

    private Span<float> Part(int sample, int part) => parts.Span.Slice(sample * parts.Columns + part * width, width);
}
