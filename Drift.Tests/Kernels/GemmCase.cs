using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Operands drawn from a seed, and what the reference makes of them.</summary>
public sealed record GemmCase(int M, int N, int K, ChecksumTiles Tiles, int Gap = 0, int Seed = 1)
{
    public int Stride => K + Gap;

    public sbyte[] A { get; init; } = Draw(Seed, ((M - 1) * (K + Gap)) + K);

    public sbyte[] W { get; init; } = Draw(Seed + 1, N * K);

    public GemmCall Call(GemmWeights weights) => new(A, M, Stride, weights);

    /// <summary>Runs it and fails unless every bit is the reference's.</summary>
    public void CheckAgainstReference(IGemmBackend backend, GemmOutput output, FaultPlan faults = default)
    {
        using var reference = new ReferenceBackend();
        using var truth = new GemmOutput();
        using var plain = reference.Prepare(W, N, K, Tiles);
        reference.Multiply(Call(plain), faults, truth);
        using var weights = backend.Prepare(W, N, K, Tiles);
        backend.Multiply(Call(weights), faults, output);
        AssertSame(output, truth);
    }

    public override string ToString() => $"{M} x {N} x {K}, tiles {Tiles}, gap {Gap}";

    private void AssertSame(GemmOutput actual, GemmOutput truth)
    {
        Assert.That(actual.Shape, Is.EqualTo(truth.Shape));
        for (var i = 0; i < M; i++)
            Same(actual.Row(i), truth.Row(i), $"accumulators of row {i}");
        Same(actual.Expected.Rows, truth.Expected.Rows, "expected row sums");
        Same(actual.Expected.Columns, truth.Expected.Columns, "expected column sums");
        Same(actual.Observed.Rows, truth.Observed.Rows, "observed row sums");
        Same(actual.Observed.Columns, truth.Observed.Columns, "observed column sums");
        Same(actual.ExpectedMoments.Rows, truth.ExpectedMoments.Rows, "expected row moments");
        Same(actual.ExpectedMoments.Columns, truth.ExpectedMoments.Columns, "expected column moments");
        Same(actual.ObservedMoments.Rows, truth.ObservedMoments.Rows, "observed row moments");
        Same(actual.ObservedMoments.Columns, truth.ObservedMoments.Columns, "observed column moments");
    }

    private void Same(ReadOnlySpan<int> actual, ReadOnlySpan<int> truth, string what)
    {
        if (!actual.SequenceEqual(truth))
            Assert.That(actual.ToArray(), Is.EqualTo(truth.ToArray()), $"{what} of {this}");
    }

    private static sbyte[] Draw(int seed, int count)
    {
        var values = new sbyte[count];
        var random = new Random(seed);
        for (var i = 0; i < count; i++)
            values[i] = (sbyte)random.Next(sbyte.MinValue, sbyte.MaxValue + 1);
        return values;
    }
}
