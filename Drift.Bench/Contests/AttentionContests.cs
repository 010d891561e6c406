using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Attention against ONNX Runtime's MultiHeadAttention. M is queries, N keys, K all heads' values of a token.</summary>
internal static class AttentionContests
{
    private const int Heads = 16, Depth = 72, Seed = 1;

    /// <summary>DiT-XL/2 at 512 x 512 and at 256 x 256, one picture.</summary>
    public static IReadOnlyList<Contest> All() => [Of(1024, Heads, Depth), Of(256, Heads, Depth)];

    /// <summary>Self-attention of one sample.</summary>
    public static Contest Of(int tokens, int heads, int depth)
    {
        var width = heads * depth;
        var random = new Random(Seed);
        float[] Noise() => [.. Enumerable.Range(0, tokens * width).Select(_ => random.NextSingle() * 2 - 1)];
        var (q, k, v) = (Noise(), Noise(), Noise());
        OurContender Ours(int threads, AttentionSums? sums)
        {
            // On cache lines' boundaries, as the rivals' operands are.
            var (workspace, memory) = (new Workspace(), new Workspace());
            Tensor Lent(float[] values)
            {
                var tensor = memory.Rent(tokens, width);
                values.CopyTo(tensor.Span);
                return tensor;
            }

            var output = memory.Rent(tokens, width);
            var call = new AttentionCall(Lent(q), Lent(k), Lent(v), tokens, heads, output) { Sums = sums };
            return new OurContender("Drift", () => DotProductAttention.Run(call, workspace, threads), () => [.. output.Span.ToArray().Select(value => (double)value)]);
        }

        return new Contest("attention", "fp32", $"{tokens} tokens, {heads} heads of {depth}", new GemmShape(tokens, tokens, width), 4.0 * tokens * tokens * width, "GFLOP/s", 1e-4)
        {
            Ours = [("none", threads => Ours(threads, null)), ("efta", threads => Ours(threads, new AttentionSums()))],
            Rivals =
            [
                threads => new OnnxContender("ONNX Runtime MultiHeadAttention",
                    new OnnxGraph().Node($"{OnnxGraph.Microsoft}:MultiHeadAttention", ["Q", "K", "V"], OnnxContender.Output, ("num_heads", heads)),
                    [Input("Q", q), Input("K", k), Input("V", v)], OnnxType.Float, [1, tokens, width], threads),
            ],
            TorchRivals =
            [
                threads => new TorchContender("libtorch attention", threads, [.. new[] { q, k, v }.Select(values => (values, new long[] { 1, tokens, heads, depth }))],
                    (torch, operands) => torch.Attention(operands[0], operands[1], operands[2]), tokens * width, (torch, tensor) => torch.Turned(tensor)),
            ],
        };

        OnnxInput Input(string name, float[] values) => OnnxInput.Of<float>(name, OnnxType.Float, values, 1, tokens, width);
    }
}
