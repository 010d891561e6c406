using Drift.Kernels;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>What every backend owes of a convolution: the definition's accumulators, and sums that are those of the accumulators as they should be and as they are.</summary>
[TestFixtureSource(typeof(BackendUnderTest), nameof(BackendUnderTest.Fixtures))]
public sealed class ConvolutionContract(BackendUnderTest under)
{
    [Test]
    public void Any_convolution_with_any_flips_has_the_bits_of_the_definition()
    {
        using var backend = under.Open();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(25), Prop.ForAll(ConvolutionCase.Shrinking, drawn =>
        {
            var tile = new[] { 0, 1, 7, 32, 64 }[drawn.Seed % 5];
            var random = new Random(drawn.Seed);
            var (m, n, _) = drawn.Shape.Product;
            FaultPlan[] faults = [.. Enumerable.Range(0, drawn.Shape.Groups).Select(_ =>
                FaultPlan.Of(m, n, Enumerable.Range(0, drawn.Seed % 3).Select(_ => new Flip(random.Next(m), random.Next(n), random.Next(32))).Distinct()))];
            IsTheDefinition(backend, drawn, tile, faults);
        }));
    }

    [TestCase(32, 128)]
    [TestCase(8, 16)]
    public void Hierarchical_sums_of_a_convolution_are_those_of_its_matrix(int tile, int coarse)
    {
        using var backend = under.Open();
        using var reference = new ReferenceBackend();
        var drawn = new ConvolutionCase(new ConvolutionShape(2, 9, 11, 5, 40, 3) { Padding = 1 }, 3);
        var (input, filters) = (drawn.Codes(drawn.Shape.InputLength, 1), drawn.Codes(drawn.FilterValues, 2));
        var plan = FaultPlan.Of(198, 40, [new(0, 0, 5), new(170, 39, 30)]);
        using GemmOutput output = new(), truth = new();
        var (own, plain) = (Int8Convolution.Prepare(backend, drawn.Shape, filters, new ChecksumTiles(tile, coarse)), Int8Convolution.Prepare(reference, drawn.Shape, filters, new ChecksumTiles(tile, coarse)));
        Int8Convolution.Multiply(backend, drawn.Shape, input, own, [plan], [output]);
        Int8Convolution.Multiply(reference, drawn.Shape, input, plain, [plan], [truth]);
        Assert.Multiple(() =>
        {
            Assert.That(output.Expected.Rows.ToArray(), Is.EqualTo(truth.Expected.Rows.ToArray()).And.Some.Not.Zero);
            Assert.That(output.Expected.Columns.ToArray(), Is.EqualTo(truth.Expected.Columns.ToArray()));
            Assert.That(output.Observed.Rows.ToArray(), Is.EqualTo(truth.Observed.Rows.ToArray()));
            Assert.That(output.Observed.Columns.ToArray(), Is.EqualTo(truth.Observed.Columns.ToArray()));
        });
        Free(own, plain);
    }

    [Test]
    public void Operands_of_another_convolution_are_refused()
    {
        using var backend = under.Open();
        using var output = new GemmOutput();
        var shape = new ConvolutionShape(1, 4, 4, 2, 3, 3) { Padding = 1 };
        var filters = Int8Convolution.Prepare(backend, shape, new sbyte[54], 0);
        Assert.Throws<ArgumentException>(() => Int8Convolution.Prepare(backend, shape, new sbyte[53], 0));
        Assert.Throws<ArgumentException>(() => Int8Convolution.Multiply(backend, shape, new sbyte[31], filters, null, [output]));
        Assert.Throws<ArgumentException>(() => Int8Convolution.Multiply(backend, shape, new sbyte[32], filters, [], [output]));
        Assert.Throws<ArgumentException>(() => Int8Convolution.Multiply(backend, shape with { Filters = 4 }, new sbyte[32], filters, null, [output]));
        Free(filters);
    }

    private static void IsTheDefinition(IGemmBackend backend, ConvolutionCase drawn, int tile, FaultPlan[] faults)
    {
        var shape = drawn.Shape;
        var (m, n, _) = shape.Product;
        var (input, filters, truth) = (drawn.Codes(shape.InputLength, 1), drawn.Codes(drawn.FilterValues, 2), new int[shape.OutputLength]);
        ReferenceConvolution.Multiply(shape, input, filters, truth);
        var prepared = Int8Convolution.Prepare(backend, shape, filters, tile);
        GemmOutput[] outputs = [.. prepared.Select(_ => new GemmOutput())];
        Int8Convolution.Multiply(backend, shape, input, prepared, faults, outputs);
        for (var group = 0; group < shape.Groups; group++)
        {
            var clean = new int[m, n];
            for (var at = 0; at < m * n; at++)
                clean[at / n, at % n] = truth[ReferenceConvolution.At(shape, at / n, group * n + at % n)];
            var faulty = (int[,])clean.Clone();
            foreach (var flip in faults[group].All)
                faulty[flip.Row, flip.Column] ^= flip.Mask;
            var where = $"{shape}, {shape.Layout}, seed {drawn.Seed}, tile {tile}, group {group}";
            for (var row = 0; row < m; row++)
                Assert.That(outputs[group].Row(row).ToArray(), Is.EqualTo(Enumerable.Range(0, n).Select(column => faulty[row, column])), where);
            if (tile == 0)
                continue;
            HasSums(outputs[group].Expected, clean, where);
            HasSums(outputs[group].Observed, faulty, where);
        }

        Free(prepared);
        foreach (var output in outputs)
            output.Dispose();
    }

    private static void HasSums(LineSums sums, int[,] values, string where)
    {
        var (rows, columns) = (new int[sums.M * sums.TileColumns], new int[sums.TileRows * sums.N]);
        for (var i = 0; i < sums.M; i++)
        {
            for (var j = 0; j < sums.N; j++)
            {
                rows[i * sums.TileColumns + j / sums.Tile] += values[i, j];
                columns[i / sums.Tile * sums.N + j] += values[i, j];
            }
        }

        Assert.That(sums.Rows.ToArray(), Is.EqualTo(rows), where);
        Assert.That(sums.Columns.ToArray(), Is.EqualTo(columns), where);
    }

    private static void Free(params GemmWeights[][] weights)
    {
        foreach (var one in weights.SelectMany(group => group))
            one.Dispose();
    }
}
