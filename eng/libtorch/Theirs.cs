using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Drift.Libtorch;

/// <summary>
/// The products, norms and attention of a DiT-XL/2 forward pass in fp32 on libtorch, as diffusers asks for them. Shifts, scales and gates are given, so that the layers that make them,
/// whose rows Drift remembers from picture to picture, cost neither side anything.
/// </summary>
internal sealed class Theirs : IDisposable
{
    private const int Blocks = 28, Distinct = 4, Heads = 16, HeadWidth = 72, Width = Heads * HeadWidth, Wide = 4 * Width, Tokens = 256;

    // The weights of four blocks, 255 MB, are more than any cache holds; those of 28 would only take longer to draw.
    private readonly DisposeScope _memory = NewDisposeScope();
    private readonly Block[] _blocks;
    private readonly Tensor _input;

    /// <param name="samples">Samples of a batch: two a guided picture.</param>
    /// <param name="threads">libtorch's own threads.</param>
    public Theirs(int samples, int threads)
    {
        set_num_threads(threads);
        _input = randn(samples, Tokens, Width);
        _blocks = [.. Enumerable.Range(0, Distinct).Select(_ => new Block(
            Layer(Width, Width), Layer(Width, Width), Layer(Width, Width), Layer(Width, Width), Layer(Wide, Width), Layer(Width, Wide), [.. Enumerable.Range(0, 6).Select(_ => 0.1f * randn(samples, 1, Width))]))];
    }

    /// <summary>One forward pass.</summary>
    /// <returns>Seconds.</returns>
    public double Forward()
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        var clock = Stopwatch.StartNew();
        var hidden = _input;
        for (var i = 0; i < Blocks; i++)
        {
            var block = _blocks[i % Distinct];
            using var inner = NewDisposeScope();
            var normed = Normed(hidden, block.Parts[0], block.Parts[1]);
            var attended = nn.functional.scaled_dot_product_attention(Split(normed, block.Query), Split(normed, block.Key), Split(normed, block.Value));
            hidden = hidden + block.Parts[2] * Linear(attended.transpose(1, 2).reshape(hidden.shape), block.Output);
            normed = Normed(hidden, block.Parts[3], block.Parts[4]);
            // TorchSharp has no tanh form of GELU; the exact one takes libtorch as long.
            hidden = (hidden + block.Parts[5] * Linear(nn.functional.gelu(Linear(normed, block.First)), block.Second)).MoveToOuterDisposeScope();
        }

        var last = hidden.sum().item<float>();
        return float.IsFinite(last) ? clock.Elapsed.TotalSeconds : throw new InvalidOperationException($"the forward pass ended in {last}");
    }

    public void Dispose() => _memory.Dispose();

    private static Tensor Normed(Tensor x, Tensor shift, Tensor scale) => nn.functional.layer_norm(x, [Width]) * (1 + scale) + shift;

    private static Tensor Split(Tensor x, (Tensor Weight, Tensor Bias) layer) => Linear(x, layer).view(x.shape[0], Tokens, Heads, HeadWidth).transpose(1, 2);

    private static Tensor Linear(Tensor x, (Tensor Weight, Tensor Bias) layer) => nn.functional.linear(x, layer.Weight, layer.Bias);

    private static (Tensor Weight, Tensor Bias) Layer(int n, int k) => (randn(n, k) / Math.Sqrt(k), randn(n));

    private sealed record Block((Tensor Weight, Tensor Bias) Query, (Tensor Weight, Tensor Bias) Key, (Tensor Weight, Tensor Bias) Value, (Tensor Weight, Tensor Bias) Output,
        (Tensor Weight, Tensor Bias) First, (Tensor Weight, Tensor Bias) Second, Tensor[] Parts);
}
