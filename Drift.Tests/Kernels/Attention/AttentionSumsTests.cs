using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class AttentionSumsTests
{
    // Rounding of sums of some 500 products of values below 2.
    private const double Rounding = 2e-3;

    [TestCase(70, 90, 3, 24)]
    [TestCase(120, 1100, 2, 16)]
    [TestCase(5, 3, 1, 8)]
    [TestCase(225, 521, 2, 72)]
    [TestCase(113, 77, 3, 40)]
    [TestCase(31, 33, 2, 21)]
    public void Without_faults_both_sides_of_every_sum_agree(int tokens, int keys, int heads, int depth)
    {
        var (call, sums) = Guarded(tokens, keys, heads, depth);
        DotProductAttention.Run(call, new Workspace());
        Assert.Multiple(() =>
        {
            Assert.That(Largest(sums.ExpectedScoreRows, sums.ObservedScoreRows), Is.LessThan(Rounding));
            Assert.That(Largest(sums.ExpectedScoreColumns, sums.ObservedScoreColumns), Is.LessThan(Rounding));
            Assert.That(Largest(sums.ExpectedOutputs, sums.ObservedOutputs), Is.LessThan(Rounding));
            Assert.That(sums.ObservedScoreRows.ToArray(), Has.Some.Not.Zero);
            Assert.That(sums.Operands, Is.EqualTo(NonFinite.None));
        });
    }

    [TestCase(120, 1100)]
    [TestCase(90, 90)]
    public void A_causal_mask_a_bias_planned_flips_elsewhere_and_rounded_operands_leave_both_sides_alike(int tokens, int keys)
    {
        var (call, sums) = Guarded(tokens, keys, 2, 24);
        var elsewhere = new[] { FaultPlan.None, FaultPlan.Of(tokens, keys, [new Flip(0, 0, 0)]) };
        foreach (var changed in new[] { call with { Causal = true }, call with { Bias = new Tensor(1, tokens, keys) }, call with { ScoreFaults = elsewhere }, call with { Bfloat16 = true } })
        {
            DotProductAttention.Run(changed, new Workspace(), 2);
            Assert.That(Largest(sums.ExpectedScoreRows, sums.ObservedScoreRows), Is.LessThan(Rounding));
            Assert.That(Largest(sums.ExpectedScoreColumns, sums.ObservedScoreColumns), Is.LessThan(Rounding));
            Assert.That(Largest(sums.ExpectedOutputs, sums.ObservedOutputs), Is.LessThan(Rounding));
            Assert.That(sums.ObservedScoreColumns.ToArray(), Has.Some.Not.Zero);
        }
    }

    [TestCase(false, 16, 1100)]
    [TestCase(true, 16, 1100)]
    [TestCase(true, 24, 1100)]
    [TestCase(false, 72, 1100)]
    [TestCase(false, 88, 130)]
    public void Checks_change_no_bit_of_the_output(bool causal, int depth, int keys)
    {
        var (call, _) = Guarded(120, keys, 2, depth);
        call = call with { Causal = causal };
        DotProductAttention.Run(call, new Workspace());
        var plain = call with { Sums = null, Output = new Tensor(120, 2 * depth) };
        DotProductAttention.Run(plain, new Workspace());
        Assert.That(call.Output.Span.SequenceEqual(plain.Output.Span));
    }

    [TestCase(0, 0)]
    [TestCase(77, 600)]
    [TestCase(119, 1099)]
    public void A_flipped_score_shows_on_its_row_and_its_column_and_nowhere_else(int query, int key)
    {
        var (call, sums) = Guarded(120, 1100, 2, 16);
        // The second head's; bit 30 of a value below 2 makes it huge.
        DotProductAttention.Run(call with { ScoreFaults = [FaultPlan.None, FaultPlan.Of(120, 1100, [new Flip(query, key, 30)])] }, new Workspace());
        Assert.Multiple(() =>
        {
            Assert.That(Beyond(sums.ExpectedScoreRows, sums.ObservedScoreRows), Is.EqualTo(new[] { (120 + query) * sums.KeyBlocks + key / AttentionBlocks.Keys }));
            Assert.That(Beyond(sums.ExpectedScoreColumns, sums.ObservedScoreColumns), Is.EqualTo(new[] { (sums.QueryBlocks + query / AttentionBlocks.Queries) * 1100 + key }));
            Assert.That(Beyond(sums.ExpectedOutputs, sums.ObservedOutputs), Is.Empty, "the weights are those of the flipped score, and so are their sums");
        });
    }

    [TestCase(255, 511)]
    [TestCase(256, 512)]
    [TestCase(599, 3)]
    public void A_flipped_score_shows_in_its_own_block_of_queries(int query, int key)
    {
        var (call, sums) = Guarded(600, 530, 1, 40);
        DotProductAttention.Run(call with { ScoreFaults = [FaultPlan.Of(600, 530, [new Flip(query, key, 30)])] }, new Workspace(), 2);
        Assert.Multiple(() =>
        {
            Assert.That(Beyond(sums.ExpectedScoreRows, sums.ObservedScoreRows), Is.EqualTo(new[] { query * sums.KeyBlocks + key / AttentionBlocks.Keys }));
            Assert.That(Beyond(sums.ExpectedScoreColumns, sums.ObservedScoreColumns), Is.EqualTo(new[] { query / AttentionBlocks.Queries * 530 + key }));
        });
    }

    // Every query and key takes part in its sums: none is left out where rows are cut into tiles and vectors.
    [TestCase(8)]
    [TestCase(21)]
    [TestCase(72)]
    [TestCase(96)]
    public void Expected_sums_are_those_of_their_definition(int depth)
    {
        const int Tokens = 270, Keys = 525;
        var (call, sums) = Guarded(Tokens, Keys, 2, depth);
        DotProductAttention.Run(call, new Workspace());
        double Product(int head, int query, int key)
        {
            var sum = 0.0;
            for (var d = head * depth; d < (head + 1) * depth; d++)
                sum += (double)call.Queries.Span[query * 2 * depth + d] * call.Keys.Span[key * 2 * depth + d];
            return sum;
        }

        foreach (var (head, query) in new[] { (0, 0), (1, 13), (0, 255), (1, 269) })
        {
            for (var block = 0; block < 2; block++)
            {
                var keys = Enumerable.Range(block * AttentionBlocks.Keys, block == 0 ? AttentionBlocks.Keys : Keys - AttentionBlocks.Keys);
                Assert.That(sums.ExpectedScoreRows[(head * Tokens + query) * 2 + block], Is.EqualTo(keys.Sum(key => Product(head, query, key))).Within(Rounding));
            }
        }

        foreach (var (head, key) in new[] { (0, 0), (1, 524) })
        {
            Assert.That(sums.ExpectedScoreColumns[head * 2 * Keys + key], Is.EqualTo(Enumerable.Range(0, AttentionBlocks.Queries).Sum(query => Product(head, query, key))).Within(Rounding));
            Assert.That(sums.ExpectedScoreColumns[(head * 2 + 1) * Keys + key], Is.EqualTo(Enumerable.Range(256, Tokens - 256).Sum(query => Product(head, query, key))).Within(Rounding));
        }
    }

    // Heads whose last vector has a lane to spare, which takes the checks, and heads that fill theirs.
    [TestCase(90, 16, 7)]
    [TestCase(1100, 16, 7)]
    [TestCase(90, 40, 7)]
    [TestCase(90, 40, 39)]
    [TestCase(1100, 24, 23)]
    public void A_flipped_output_shows_on_its_row(int keys, int depth, int column)
    {
        var (call, sums) = Guarded(120, keys, 2, depth);
        DotProductAttention.Run(call with { OutputFaults = [FaultPlan.Of(120, depth, [new Flip(101, column, 30)]), FaultPlan.None] }, new Workspace());
        Assert.Multiple(() =>
        {
            Assert.That(Beyond(sums.ExpectedOutputs, sums.ObservedOutputs), Is.EqualTo(new[] { 101 }));
            Assert.That(Beyond(sums.ExpectedScoreRows, sums.ObservedScoreRows), Is.Empty);
        });
    }

    [Test]
    public void Operands_that_are_no_finite_numbers_are_told_as_such()
    {
        var (call, sums) = Guarded(20, 30, 1, 8);
        call.Keys.Span[17] = float.NaN;
        call.Values.Span[40] = float.NegativeInfinity;
        DotProductAttention.Run(call, new Workspace());
        Assert.That((sums.Operands.NaNs, sums.Operands.Infinities), Is.EqualTo((1, 1)));
    }

    private static (AttentionCall Call, AttentionSums Sums) Guarded(int tokens, int keys, int heads, int depth)
    {
        var random = new Random(5);
        var sums = new AttentionSums();
        return (new AttentionCall(Noise(tokens), Noise(keys), Noise(keys), tokens, heads, new Tensor(tokens, heads * depth)) { KeyTokens = keys, Sums = sums }, sums);

        Tensor Noise(int rows)
        {
            var tensor = new Tensor(rows, heads * depth);
            foreach (ref var value in tensor.Span)
                value = 4 * random.NextSingle() - 2;
            return tensor;
        }
    }

    private static double Largest(ReadOnlySpan<float> expected, ReadOnlySpan<float> observed)
    {
        double largest = 0;
        for (var i = 0; i < expected.Length; i++)
            largest = Math.Max(largest, Math.Abs((double)expected[i] - observed[i]));
        return largest;
    }

    private static List<int> Beyond(ReadOnlySpan<float> expected, ReadOnlySpan<float> observed)
    {
        List<int> beyond = [];
        for (var i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs((double)expected[i] - observed[i]) < Rounding))
                beyond.Add(i);
        }

        return beyond;
    }
}
