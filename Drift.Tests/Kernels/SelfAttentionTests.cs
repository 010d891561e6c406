using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public class SelfAttentionTests
{
    [TestCase(1, 24)]
    [TestCase(3, 24)]
    [TestCase(4, 20)]
    public void Attention_agrees_with_its_definition_in_double(int heads, int width)
    {
        const int Samples = 2, Tokens = 19;
        var (q, k, v) = (Noise(1), Noise(2), Noise(3));
        var output = new Tensor(Samples, Tokens, width);
        SelfAttention.Run(q, k, v, Tokens, heads, output, new Workspace());

        var depth = width / heads;
        for (var at = 0; at < output.Length; at++)
        {
            var (row, channel) = Math.DivRem(at, width);
            var keys = Enumerable.Range(row / Tokens * Tokens, Tokens).ToArray();
            var first = channel / depth * depth;
            var weights = keys.Select(key => Math.Exp(Enumerable.Range(first, depth).Sum(c => (double)q.Span[row * width + c] * k.Span[key * width + c]) / Math.Sqrt(depth)));
            var expected = weights.Zip(keys, (weight, key) => weight * v.Span[key * width + channel]).Sum() / weights.Sum();
            Assert.That(output.Span[at], Is.EqualTo(expected).Within(2e-6));
        }

        Tensor Noise(int seed)
        {
            var random = new Random(seed);
            var tensor = new Tensor(Samples, Tokens, width);
            foreach (ref var value in tensor.Span)
                value = 4 * random.NextSingle() - 2;
            return tensor;
        }
    }
}
