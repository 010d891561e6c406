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

        for (var s = 0; s < hidden.Shape[0]; s++)
            LayerNorm.Modulate(hidden.Slice(s, 1).Span, Part(s, part + 1), Part(s, part), epsilon, output.Slice(s, 1).Span);
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

        for (var s = 0; s < hidden.Shape[0]; s++)
            GatedSum.Add(hidden.Slice(s, 1).Span, branch.Slice(s, 1).Span, Part(s, part));
    }

    private Span<float> Part(int sample, int part) => parts.Slice(sample, 1).Span.Slice(part * width, width);
}
