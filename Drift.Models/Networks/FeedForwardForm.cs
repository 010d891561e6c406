using Drift.Kernels;

namespace Drift.Models;

/// <summary>What diffusers' transformers put between the two layers of a feed-forward part: a GELU of one kind or another or a SiLU, or one that gates (GEGLU, SwiGLU).</summary>
internal sealed class FeedForwardForm
{
    /// <summary>Widening of all these networks: values inside the part for each value of its input.</summary>
    private const int Widening = 4;

    private readonly string _activation;

    private FeedForwardForm(string activation) => _activation = activation;

    /// <summary>Reads <c>activation_fn</c>.</summary>
    /// <param name="config">A transformer's config.json.</param>
    /// <exception cref="ModelFormatException">It is another word, or not supported.</exception>
    public static FeedForwardForm Read(ModelConfig config) =>
        new(config.Choice("activation_fn", "gelu-approximate", "gelu", "geglu", "geglu-approximate", "swiglu", "linear-silu"));

    private bool Gates => _activation is "geglu" or "swiglu";

    /// <summary>Output features of the first layer: twice the inner width where half of them gate the others.</summary>
    /// <param name="width">Features of the part's input.</param>
    public int FirstWidth(int width) => (Gates ? 2 : 1) * InnerWidth(width);

    /// <summary>Input features of the second layer.</summary>
    /// <param name="width">Features of the part's input.</param>
    public static int InnerWidth(int width) => Widening * width;

    /// <summary>The first layer's outputs to the second one's inputs.</summary>
    /// <param name="wide">[samples, tokens, first width]; overwritten.</param>
    /// <param name="workspace">Lends memory for what is gated.</param>
    public Tensor Apply(Tensor wide, Workspace workspace)
    {
        if (Gates)
        {
            var gated = workspace.Rent(wide.Shape[0], wide.Shape[1], wide.Columns / 2);
            if (_activation == "geglu")
                TensorOperations.GateGelu(wide, gated);
            else
                GateSilu(wide.Span, gated.Columns, gated.Span);
            return gated;
        }

        switch (_activation)
        {
            case "linear-silu":
                Activation.Silu(wide.Span);
                return wide;
            case "gelu":
                Gelu.Exact(wide.Span);
                return wide;
            // diffusers' name for the sigmoid approximation; nothing is gated.
            case "geglu-approximate":
                Gelu.Quick(wide.Span);
                return wide;
            default:
                if (wide.DeviceWith(wide) is { } device)
                    device.GeluTanh(wide);
                else
                    Gelu.Tanh(wide.Span);
                return wide;
        }
    }

    /// <summary>The first half of each token's values, times the SiLU of the second.</summary>
    private static void GateSilu(ReadOnlySpan<float> values, int width, Span<float> output)
    {
        for (var start = 0; start < output.Length; start += width)
        {
            var token = output.Slice(start, width);
            Activation.Silu(values.Slice(2 * start + width, width), token);
            Activation.Multiply(token, values.Slice(2 * start, width));
        }
    }
}
