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

    /// <summary>Output features of the first layer: twice the inner width where half of them gate the others.</summary>
    /// <param name="width">Features of the part's input.</param>
    public int FirstWidth(int width) => (_activation is "geglu" or "swiglu" ? 2 : 1) * InnerWidth(width);

    /// <summary>Input features of the second layer.</summary>
    /// <param name="width">Features of the part's input.</param>
    public static int InnerWidth(int width) => Widening * width;

    /// <summary>The first layer's outputs to the second one's inputs.</summary>
    /// <param name="wide">[samples, tokens, first width]; overwritten.</param>
    /// <param name="workspace">Lends memory for what is gated.</param>
    public Tensor Apply(Tensor wide, Workspace workspace)
    {
        switch (_activation)
        {
            case "geglu":
                var gated = workspace.Rent(wide.Shape[0], wide.Shape[1], wide.Columns / 2);
                TensorOperations.GateGelu(wide, gated);
                return gated;
            case "swiglu":
                var linear = workspace.Rent(wide.Shape[0], wide.Shape[1], wide.Columns / 2);
                GateSilu(wide, linear);
                return linear;
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
    private static void GateSilu(Tensor wide, Tensor gated)
    {
        for (var token = 0; token < gated.Rows; token++)
        {
            var values = wide.Span.Slice(token * wide.Columns, wide.Columns);
            var target = gated.Span.Slice(token * gated.Columns, gated.Columns);
            Activation.Silu(values[gated.Columns..], target);
            Activation.Multiply(target, values[..gated.Columns]);
        }
    }
}
