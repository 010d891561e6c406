using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public class DotProductAttentionTests
{
    private const int Samples = 2, Tokens = 19;

    [TestCase(1, 24)]
    [TestCase(3, 24)]
    [TestCase(4, 20)]
    public void Attention_agrees_with_its_definition_in_double(int heads, int width) =>
        Agrees(new AttentionCall(Noise(1, Tokens, width), Noise(2, Tokens, width), Noise(3, Tokens, width), Tokens, heads, new Tensor(Samples, Tokens, width)));

    [TestCase(1)]
    [TestCase(11)]
    [TestCase(40)]
    public void Queries_and_keys_may_differ_in_number(int keys) => Agrees(Cross(keys));

    [Test]
    public void Masked_keys_get_no_weight()
    {
        // A hole in the first sample, a tail in the second.
        var mask = Enumerable.Range(0, Samples * 11).Select(i => i is not (3 or 4 or > 17)).ToArray();
        var call = Cross(11) with { KeyMask = mask };
        Agrees(call);
        var before = call.Output.Clone();
        for (var key = 0; key < mask.Length; key++)
        {
            if (!mask[key])
                call.Values.Reshape(mask.Length, call.Values.Columns).Slice(key, 1).Span.Fill(float.NaN);
        }

        DotProductAttention.Run(call, new Workspace());
        Assert.That(call.Output.Span.SequenceEqual(before.Span), "what stands under the mask does not matter");
    }

    [TestCase(1)]
    [TestCase(2)]
    public void A_bias_is_added_to_the_scaled_scores(int biased)
    {
        var bias = Noise(5, Tokens, 11, biased);
        Agrees(Cross(11) with { Bias = bias, Scale = 1, KeyMask = [.. Enumerable.Range(0, Samples * 11).Select(i => i % 5 != 2)] });
    }

    [Test]
    public void Minus_infinity_bars_a_key_from_a_query()
    {
        var causal = new Tensor(1, Tokens, Tokens);
        for (var i = 0; i < causal.Length; i++)
            causal.Span[i] = i % Tokens > i / Tokens ? float.NegativeInfinity : 0;
        Agrees(Cross(Tokens) with { Bias = causal });
    }

    [TestCase(64, 64)]
    [TestCase(130, 1100)]
    [TestCase(56, 513)]
    public void Long_rows_go_block_by_block(int tokens, int keys) => Agrees(Call(tokens, keys, 2, 20), 4e-6);

    [TestCase(600, 600)]
    [TestCase(70, 700)]
    public void Under_a_causal_mask_a_query_sees_the_keys_up_to_its_own(int tokens, int keys)
    {
        Agrees(Call(tokens, keys, 1, 8) with { Causal = true }, 4e-6);
        var mask = Enumerable.Range(0, keys).Select(key => key % 3 != 1).ToArray();
        Agrees(Call(tokens, keys, 1, 8) with { Causal = true, KeyMask = mask }, 4e-6);
    }

    [Test]
    public void A_row_that_is_barred_from_its_first_block_has_the_others()
    {
        var bias = new Tensor(1, 3, 1030);
        bias.Span.Slice(1030, 600).Fill(float.NegativeInfinity);
        Agrees(Call(3, 1030, 1, 8) with { Bias = bias, Scale = 0.3f }, 4e-6);
    }

    [Test]
    public void The_bits_do_not_depend_on_threads()
    {
        foreach (var call in new[] { Call(300, 700, 1, 24), Call(120, 530, 5, 8) })
        {
            DotProductAttention.Run(call, new Workspace());
            foreach (var threads in new[] { 2, 3, 7 })
            {
                var other = call with { Output = new Tensor(call.Tokens, call.Queries.Columns) };
                DotProductAttention.Run(other, new Workspace(), threads);
                Assert.That(other.Output.Span.SequenceEqual(call.Output.Span), $"{threads} threads");
            }
        }
    }

    [Test]
    public void Bf16_operands_are_rounded_and_nothing_else_is()
    {
        var call = Call(60, 530, 2, 24);
        var narrow = call with { Queries = Rounded(call.Queries), Keys = Rounded(call.Keys), Values = Rounded(call.Values) };
        DotProductAttention.Run(narrow, new Workspace());
        var rounding = call with { Bfloat16 = true, Output = new Tensor(60, 48) };
        DotProductAttention.Run(rounding, new Workspace());
        Assert.That(rounding.Output.Span.SequenceEqual(narrow.Output.Span));

        static Tensor Rounded(Tensor x)
        {
            var y = x.Clone();
            foreach (ref var value in y.Span)
                value = (float)(double)BitConverter.Int32BitsToSingle((int)((uint)(BitConverter.SingleToInt32Bits(value) + 0x7FFF + ((BitConverter.SingleToInt32Bits(value) >> 16) & 1)) & 0xFFFF0000));
            return y;
        }
    }

    [Test]
    public void Operands_that_do_not_fit_are_refused()
    {
        var call = Cross(11);
        foreach (var wrong in new[]
                 {
                     call with { Heads = 5 }, call with { Tokens = 18 }, call with { KeyTokens = 10 }, call with { KeyMask = new bool[21] }, call with { KeyMask = new bool[22] },
                     call with { Bias = new Tensor(3, Tokens, 11) }, call with { Bias = new Tensor(1, Tokens, 12) }, call with { Output = new Tensor(1) },
                     call with { Causal = true }, call with { ScoreFaults = [FaultPlan.None] }, call with { OutputFaults = [FaultPlan.None] },
                 })
            Assert.That(() => DotProductAttention.Run(wrong, new Workspace()), Throws.ArgumentException);
    }

    private static AttentionCall Cross(int keys) => new(Noise(1, Tokens, 24), Noise(2, keys, 24), Noise(3, keys, 24), Tokens, 2, new Tensor(Samples, Tokens, 24)) { KeyTokens = keys };

    private static AttentionCall Call(int tokens, int keys, int heads, int depth) =>
        new(Noise(1, tokens, heads * depth, 1), Noise(2, keys, heads * depth, 1), Noise(3, keys, heads * depth, 1), tokens, heads, new Tensor(tokens, heads * depth)) { KeyTokens = keys };

    private static void Agrees(AttentionCall call, double within = 4e-6)
    {
        DotProductAttention.Run(call, new Workspace());
        var (q, k, v, width) = (call.Queries, call.Keys, call.Values, call.Queries.Columns);
        var depth = width / call.Heads;
        var scale = call.Scale ?? 1 / Math.Sqrt(depth);
        for (var at = 0; at < call.Output.Length; at++)
        {
            var (row, channel) = Math.DivRem(at, width);
            var keys = Enumerable.Range(row / call.Tokens * call.KeyTokens, call.KeyTokens).Where(key => (call.KeyMask?[key] ?? true) && !(call.Causal && key % call.KeyTokens > row % call.Tokens + call.KeyTokens - call.Tokens)).ToArray();
            var head = channel / depth;
            double Bias(int key) => call.Bias is { } bias
                ? bias.Span[((bias.Shape[0] == 1 ? 0 : head) * call.Tokens + row % call.Tokens) * call.KeyTokens + key % call.KeyTokens]
                : 0;
            var weights = keys.Select(key => Math.Exp(
                scale * Enumerable.Range(head * depth, depth).Sum(c => (double)q.Span[row * width + c] * k.Span[key * width + c]) + Bias(key))).ToArray();
            var expected = weights.Zip(keys, (weight, key) => weight * v.Span[key * width + channel]).Sum() / weights.Sum();
            Assert.That(call.Output.Span[at], Is.EqualTo(expected).Within(within), $"value {at}");
        }
    }

    private static Tensor Noise(int seed, int tokens, int width, int samples = Samples)
    {
        var random = new Random(seed);
        var tensor = new Tensor(samples, tokens, width);
        foreach (ref var value in tensor.Span)
            value = 4 * random.NextSingle() - 2;
        return tensor;
    }
}
