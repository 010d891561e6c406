using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Hierarchical sums on the host, whose coarse rows go over all columns where two digits hold that: the same sums as the reference's, whose coarse rows end with their tile.</summary>
public sealed class CoarseExaminationTests
{
    private const int M = 300, N = 700, K = 40;
    private static readonly ChecksumTiles Tiles = new(32, 256);

    [Test]
    public void Sums_are_those_of_the_reference_wherever_flips_are([Values] bool extreme, [Values(1, 2, 4, 30)] int flips, [Values(1, 2)] int threads)
    {
        using var backend = new HostBackend(threads, null, new WorkerPool(threads));
        using var output = new GemmOutput();
        var random = new Random(flips);
        var operands = extreme ? Extreme() : new GemmCase(M, N, K, Tiles);
        for (var trial = 0; trial < 8; trial++)
        {
            var plan = Enumerable.Range(0, flips).Select(_ => new Flip(random.Next(M), random.Next(N), random.Next(32))).DistinctBy(flip => (flip.Row, flip.Column));
            operands.CheckAgainstReference(backend, output, FaultPlan.Of(M, N, [.. plan]));
        }
    }

    /// <summary>Two flips of a column that cancel on it show in their rows alone, with and without flips elsewhere; the tile that has them is found, and no other keeps sums.</summary>
    [Test]
    public void Flips_that_cancel_on_a_column_are_found_by_their_rows([Values] bool extreme, [Values] bool others)
    {
        using var backend = new HostBackend();
        using var output = new GemmOutput();
        var operands = extreme ? Extreme() : new GemmCase(M, N, K, Tiles);
        using var weights = backend.Prepare(operands.W, N, K, Tiles);
        backend.Multiply(operands.Call(weights), FaultPlan.None, output);
        const int Column = 300, Bit = 9;
        var (first, second) = (Row(output, Column, Bit, true), Row(output, Column, Bit, false));
        Flip[] more = others ? [new(2, 10, 5), new(first, 690, 3), new(299, 400, 7)] : [];
        var plan = FaultPlan.Of(M, N, [new(first, Column, Bit), new(second, Column, Bit), .. more]);
        operands.CheckAgainstReference(backend, output, plan);
        Assert.That(output.Observed.Rows[first * output.Observed.TileColumns + Column / 32] - output.Expected.Rows[first * output.Observed.TileColumns + Column / 32], Is.EqualTo(-(1 << Bit)));
    }

    [TestCase(256, -128, true)]
    [TestCase(257, -128, true)]
    [TestCase(258, -128, false)]
    [TestCase(257, 127, true)]
    [TestCase(258, 127, false)]
    public void Two_digits_hold_sums_up_to_their_largest(int n, int value, bool held)
    {
        var weights = new sbyte[n * 3];
        for (var i = 1; i < weights.Length; i += 3)
            weights[i] = (sbyte)value;
        Assert.That(Digits.HoldSums(weights, 3), Is.EqualTo(held));
        using var backend = new HostBackend();
        using var output = new GemmOutput();
        new GemmCase(20, n, 3, Tiles) { W = weights }.CheckAgainstReference(backend, output, FaultPlan.Of(20, n, [new Flip(3, 4, 5)]));
    }

    /// <summary>Weights whose sums over all columns pass two digits.</summary>
    private static GemmCase Extreme() => new(M, N, K, Tiles) { W = [.. Enumerable.Repeat(sbyte.MinValue, N * K)] };

    private static int Row(GemmOutput output, int column, int bit, bool set) => Enumerable.Range(0, 256).First(row => (output.Row(row)[column] >> bit & 1) == 1 == set);
}
