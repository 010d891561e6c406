using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>What every backend owes: the reference's bits. A new backend inherits this by being registered.</summary>
[TestFixtureSource(typeof(BackendUnderTest), nameof(BackendUnderTest.FixturesOfFamilies))]
public sealed class GemmContract(BackendUnderTest under)
{
    private static readonly (int M, int N, int K)[] Shapes =
    [
        (1, 1, 1), (1, 5, 3), (4, 1, 1), (3, 33, 64), (33, 33, 33), (37, 16, 1), (5, 40, 97), (65, 7, 4), (32, 64, 32), (70, 66, 18),
    ];

    private static readonly int[] Tiles = [0, 1, 7, 32, 64, 256];

    private IGemmBackend _backend = null!;
    private GemmOutput _output = null!;

    [OneTimeSetUp]
    public void Open() => _backend = under.Open();

    [OneTimeTearDown]
    public void Close() => _backend?.Dispose();

    [SetUp]
    public void Rent() => _output = new GemmOutput();

    [TearDown]
    public void Return() => _output.Dispose();

    [TestCaseSource(nameof(Tiles))]
    public void Clean_products_match_the_reference(int tile)
    {
        foreach (var (m, n, k) in Shapes)
            new GemmCase(m, n, k, tile).CheckAgainstReference(_backend, _output);
    }

    [Test]
    public void Faulty_products_match_the_reference([Values(0, 7, 32)] int tile, [Values(0.01, 0.5)] double rate)
    {
        var planner = new FaultPlanner();
        foreach (var (m, n, k) in Shapes)
        {
            var plan = planner.Draw(11, new GemmSite(3, 2, GemmRole.Value), m, n, BitErrorProfile.Uniform(rate));
            new GemmCase(m, n, k, tile).CheckAgainstReference(_backend, _output, plan);
        }
    }

    [Test]
    public void Hierarchical_sums_match_the_reference([Values(1, 8, 32)] int tile, [Values(2, 8)] int factor, [Values(0, 0.0005, 0.01)] double rate)
    {
        var planner = new FaultPlanner();
        foreach (var (m, n, k) in Shapes.Append((150, 140, 20)))
        {
            var plan = planner.Draw(5, new GemmSite(1, 2, GemmRole.Key), m, n, BitErrorProfile.Uniform(rate));
            new GemmCase(m, n, k, new ChecksumTiles(tile, tile * factor)).CheckAgainstReference(_backend, _output, plan);
        }
    }

    [Test]
    public void Explicit_flips_match_the_reference([Values(0, 1, 32, 48)] int tile)
    {
        // The sign bit, an element hit twice in one bit, in two bits, and the far corner of ragged blocks.
        var plan = FaultPlan.Of(37, 70, [new(36, 69, 31), new(0, 0, 31), new(5, 40, 3), new(5, 40, 3), new(5, 41, 30), new(5, 41, 2), new(33, 31, 0)]);
        new GemmCase(37, 70, 9, tile).CheckAgainstReference(_backend, _output, plan);
    }

    [Test]
    public void Gaps_between_rows_are_not_read([Values(1, 2, 3, 61)] int gap) =>
        new GemmCase(9, 20, 30, 32, gap).CheckAgainstReference(_backend, _output);

    [Test]
    public void Extremes_match_the_reference([Values(-128, 127)] int a, [Values(-128, 127)] int w, [Values(32, 256)] int tile)
    {
        var extreme = new GemmCase(34, 35, 66, tile);
        Array.Fill(extreme.A, (sbyte)a);
        Array.Fill(extreme.W, (sbyte)w);
        extreme.CheckAgainstReference(_backend, _output);
    }

    [Test]
    public void An_output_keeps_nothing_of_the_call_before()
    {
        var plan = FaultPlan.Of(70, 66, [new(69, 65, 31), new(0, 0, 7)]);
        new GemmCase(70, 66, 40, 32, Seed: 5).CheckAgainstReference(_backend, _output, plan);
        new GemmCase(3, 2, 5, 32, Seed: 6).CheckAgainstReference(_backend, _output);
        new GemmCase(40, 40, 5, 0, Seed: 7).CheckAgainstReference(_backend, _output);
        new GemmCase(68, 33, 5, 1, Seed: 8).CheckAgainstReference(_backend, _output);
    }

    [TestCase(1, 1, 1)]
    [TestCase(3, 33, 64)]
    [TestCase(70, 66, 18)]
    public void C_times_t_is_A_times_W_transposed_times_t(int m, int n, int k)
    {
        var product = new GemmCase(m, n, k, 32, Gap: 2, Seed: 21);
        using var weights = _backend.Prepare(product.W, n, k, 32);
        _backend.Multiply(product.Call(weights), FaultPlan.None, _output);
        var random = new Random(31);
        var t = Enumerable.Range(0, n).Select(_ => random.Next(int.MinValue, int.MaxValue)).ToArray();
        var wt = Enumerable.Range(0, k).Select(p => Dot(n, j => product.W[(j * k) + p], j => t[j])).ToArray();
        for (var i = 0; i < m; i++)
        {
            var row = _output.Row(i).ToArray();
            Assert.That(Dot(n, j => row[j], j => t[j]), Is.EqualTo(Dot(k, p => product.A[(i * product.Stride) + p], p => wt[p])), $"row {i}");
        }
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(32)]
    [TestCase(256)]
    public void Clean_sums_are_the_expected_ones(int tile)
    {
        foreach (var (m, n, k) in Shapes)
        {
            var product = new GemmCase(m, n, k, tile, Seed: 41);
            using var weights = _backend.Prepare(product.W, n, k, tile);
            _backend.Multiply(product.Call(weights), FaultPlan.None, _output);
            Assert.That(_output.Observed.Rows.ToArray(), Is.EqualTo(_output.Expected.Rows.ToArray()), $"rows of {product}");
            Assert.That(_output.Observed.Columns.ToArray(), Is.EqualTo(_output.Expected.Columns.ToArray()), $"columns of {product}");
        }
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(16)]
    [TestCase(32)]
    public void Moments_match_the_reference_or_are_refused(int tile)
    {
        var plan = FaultPlan.Of(70, 66, [new(69, 65, 30), new(33, 0, 7), new(0, 40, 12)]);
        // Codes of the sign that a place's weight has, or of the opposite one, are the largest moments there are.
        var tiles = new ChecksumTiles(tile, Moments: true);
        GemmCase Extreme(int sign) => new(70, 66, 35, tiles)
        {
            A = [.. Enumerable.Range(0, 70 * 35).Select(i => Largest(sign * (i / 35 % tile - LineMoments.Centre(tile))))],
            W = [.. Enumerable.Range(0, 66 * 35).Select(i => Largest(sign * (i / 35 % tile - LineMoments.Centre(tile))))],
        };
        GemmCase[] cases = [new(70, 66, 35, tiles, Gap: 1), new(5, 3, 9, tiles), Extreme(1), Extreme(-1)];
        foreach (var product in cases)
        {
            if (under.Categories.Count > 0 || under.Name.StartsWith("ilgpu", StringComparison.Ordinal))
                Assert.Throws<BackendUnavailableException>(() => product.CheckAgainstReference(_backend, _output));
            else
                product.CheckAgainstReference(_backend, _output, product.M == 70 ? plan : default);
        }

        static sbyte Largest(int sign) => sign < 0 ? sbyte.MinValue : sbyte.MaxValue;
    }

    [Test]
    public void Moments_of_a_tile_beyond_32_are_refused() =>
        Assert.That(() => _backend.Prepare(new sbyte[6], 2, 3, new ChecksumTiles(33, Moments: true)), Throws.InstanceOf<Exception>().With.Property("Message").Match("tiles of 1 to 32|no position-weighted"));

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(32)]
    [TestCase(64)]
    [TestCase(128)]
    public void Odd_weights_match_the_reference_or_are_refused(int tile)
    {
        var plan = FaultPlan.Of(130, 260, [new(129, 259, 30), new(33, 0, 7), new(0, 40, 12), new(64, 127, 0), new(64, 128, 31)]);
        var tiles = new ChecksumTiles(tile, OddRows: true);
        GemmCase Extreme(sbyte value) => new(130, 260, 66, tiles) { A = [.. Enumerable.Repeat(value, 130 * 66)], W = [.. Enumerable.Repeat(value, 260 * 66)] };
        GemmCase[] cases = [new(70, 150, 35, tiles, Gap: 1), new(5, 3, 9, tiles), new(130, 260, 64, tiles), Extreme(sbyte.MinValue), Extreme(sbyte.MaxValue)];
        foreach (var product in cases)
        {
            if (under.Categories.Count > 0 || under.Name.StartsWith("ilgpu", StringComparison.Ordinal))
                Assert.Throws<BackendUnavailableException>(() => product.CheckAgainstReference(_backend, _output));
            else
                product.CheckAgainstReference(_backend, _output, product.M == 130 ? plan : default);
        }
    }

    [Test]
    public void Odd_weights_of_a_tile_beyond_128_are_refused() =>
        Assert.That(() => _backend.Prepare(new sbyte[6], 2, 3, new ChecksumTiles(129, OddRows: true)), Throws.InstanceOf<Exception>().With.Property("Message").Match("tiles of 1 to 128|no position-weighted"));

    [Test]
    public void Threads_may_share_a_backend() => Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
    {
        using var own = new GemmOutput();
        var plan = FaultPlan.Of(9 + i, 40, [new(i, 39 - i, 2 * i)]);
        new GemmCase(9 + i, 40, 20 + i, 32, Seed: 50 + i).CheckAgainstReference(_backend, own, plan);
    });

    [Test]
    public void Weights_of_another_backend_are_rejected()
    {
        using var weights = new ForeignWeights();
        Assert.Throws<ArgumentException>(() => _backend.Multiply(new GemmCall(new sbyte[6], 2, 3, weights), FaultPlan.None, _output));
    }

    [Test]
    public void Weights_of_another_length_are_rejected() => Assert.Throws<ArgumentException>(() => _backend.Prepare(new sbyte[5], 2, 3, 32));

    [TestCase(33, 65, 0, 64, Description = "more blocks than the product has")]
    [TestCase(33, 40, 0, 39, Description = "as many blocks, but beyond the last column")]
    [TestCase(40, 33, 39, 0, Description = "as many blocks, but beyond the last row")]
    public void Flips_outside_the_product_are_rejected(int m, int n, int row, int column)
    {
        var product = new GemmCase(33, 33, 3, 32);
        using var weights = _backend.Prepare(product.W, 33, 3, 32);
        Assert.Throws<ArgumentException>(() => _backend.Multiply(product.Call(weights), FaultPlan.Of(m, n, [new(row, column, 1)]), _output));
    }

    private static int Dot(int count, Func<int, int> a, Func<int, int> b)
    {
        var sum = 0;
        for (var i = 0; i < count; i++)
            sum += a(i) * b(i);
        return sum;
    }

    private sealed class ForeignWeights() : GemmWeights(2, 3, 32);
}
