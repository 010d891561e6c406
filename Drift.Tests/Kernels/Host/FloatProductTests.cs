using Drift.Kernels;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The protected fp32 product: the same bits as its definition on any number of threads, and sums that tell a flip.</summary>
public sealed class FloatProductTests
{
    // With gaps of 3, the rows of the last one share cache sets and are copied; K beyond 512 comes in pieces.
    private static readonly (int M, int N, int K)[] Shapes = [(1, 1, 1), (3, 33, 64), (37, 16, 1), (65, 70, 18), (130, 140, 1024), (300, 66, 40), (43, 70, 1021), (157, 33, 1021)];

    [Test]
    public void Product_and_sums_are_the_definition([Values(0, 7, 32, 64, 128)] int tile, [Values(1, 3)] int threads, [Values(false, true)] bool faulty)
    {
        using var backend = new FloatBackend(threads, new WorkerPool(threads));
        var checks = new FloatChecks();
        foreach (var (m, n, k) in Shapes)
        {
            var operands = new Drawn(m, n, k, 3);
            var faults = faulty ? new FaultPlanner().Draw(7, new GemmSite(1, 2, GemmRole.Key), m, n, BitErrorProfile.Uniform(0.01)) : FaultPlan.None;
            var c = new float[m * n];
            backend.Multiply(operands.A, k + 3, m, FloatGemm.Pack(operands.W, n, k, tile), operands.Bias, c, n, faults, tile == 0 ? null : checks);
            operands.Check(c, faults, tile, checks);
        }
    }

    [Test]
    public void Any_product_with_any_flips_is_the_definition()
    {
        var cases =
            from m in Gen.Choose(1, 67)
            from n in Gen.Choose(1, 67)
            from k in Gen.Choose(1, 67)
            from tile in Gen.Choose(0, 67)
            from flips in Gen.ListOf(
                from row in Gen.Choose(0, m - 1)
                from column in Gen.Choose(0, n - 1)
                from bit in Gen.Choose(0, 31)
                select new Flip(row, column, bit))
            select (M: m, N: n, K: k, Tile: tile, Flips: flips.ToArray());
        using var backend = new FloatBackend(2, new WorkerPool(2));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(40), Prop.ForAll(cases.ToArbitrary(), drawn =>
        {
            var (operands, c, checks) = (new Drawn(drawn.M, drawn.N, drawn.K, 1), new float[drawn.M * drawn.N], new FloatChecks());
            var faults = FaultPlan.Of(drawn.M, drawn.N, drawn.Flips);
            backend.Multiply(operands.A, drawn.K + 1, drawn.M, FloatGemm.Pack(operands.W, drawn.N, drawn.K, drawn.Tile), operands.Bias, c, drawn.N, faults, drawn.Tile == 0 ? null : checks);
            operands.Check(c, faults, drawn.Tile, checks);
        }));
    }

    [Test]
    public void Both_kernels_have_the_same_bits([Values(1, 2)] int type, [Values(false, true)] bool sums)
    {
        using var portable = FloatKernels.Portable((DotType)type);
        foreach (var rows in (int[])[1, 5, 8])
        {
            foreach (var columns in (int[])[1, 16, 19, 32])
                Assert.That(Tile(portable, rows, columns, sums), Is.EqualTo(Tile(FloatKernels.Of((DotType)type), rows, columns, sums)), $"{rows} x {columns}");
        }
    }

    [Test]
    public void A_bf16_product_is_that_of_rounded_operands([Values(1, 3)] int threads, [Values(1, 31, 66)] int k)
    {
        using var backend = new FloatBackend(threads, new WorkerPool(threads));
        var (rounded, c, truth) = (new Drawn(37, 70, k, 2), new float[37 * 70], new float[37 * 70]);
        var operands = new Drawn(37, 70, k, 2);
        backend.Multiply(operands.A, k + 2, 37, FloatGemm.PackBfloat16(operands.W, 70, k), operands.Bias, c, 70);
        Rounding.ToBfloat16(rounded.A);
        Rounding.ToBfloat16(rounded.W);
        FloatGemm.Multiply(rounded.A, k + 2, 37, FloatGemm.Pack(rounded.W, 70, k), rounded.Bias, truth, 70);
        // The same exact products, added in another order.
        for (var i = 0; i < c.Length; i++)
            Assert.That(c[i], Is.EqualTo(truth[i]).Within(1e-5));
        Assert.Throws<ArgumentException>(() => FloatGemm.Multiply(operands.A, k + 2, 37, FloatGemm.PackBfloat16(operands.W, 70, k), default, c, 70));
    }

    [Test]
    public void A_flip_shows_on_its_lines_and_on_no_other()
    {
        var operands = new Drawn(70, 66, 40, 0);
        using var backend = new FloatBackend();
        var checks = new FloatChecks();
        var c = new float[70 * 66];
        backend.Multiply(operands.A, 40, 70, FloatGemm.Pack(operands.W, 66, 40, 32), default, c, 66, FaultPlan.Of(70, 66, [new Flip(33, 65, 30)]), checks);
        for (var i = 0; i < checks.Observed.Rows.Length; i++)
            Assert.That(MathF.Abs(checks.Observed.Rows[i] - checks.Expected.Rows[i]) < 1e-3f, Is.EqualTo(i != 33 * 3 + 2), $"row sum {i}");
        for (var j = 0; j < checks.Observed.Columns.Length; j++)
            Assert.That(MathF.Abs(checks.Observed.Columns[j] - checks.Expected.Columns[j]) < 1e-3f, Is.EqualTo(j != 66 + 65), $"column sum {j}");
    }

    [Test]
    public void The_statistics_are_those_of_the_lines()
    {
        var operands = new Drawn(40, 35, 50, 0);
        using var backend = new FloatBackend();
        var checks = new FloatChecks();
        backend.Multiply(operands.A, 50, 40, FloatGemm.Pack(operands.W, 35, 50, 32), default, new float[40 * 35], 35, default, checks);
        Same(checks.Activations, 40, (i, p) => operands.A[i * 50 + p]);
        Same(checks.Weights, 35, (j, p) => operands.W[j * 50 + p]);
        Same(checks.SummedActivations, 2, (t, p) => Enumerable.Range(32 * t, t == 0 ? 32 : 8).Sum(i => (double)operands.A[i * 50 + p]));
        Same(checks.SummedWeights, 2, (t, p) => Enumerable.Range(32 * t, t == 0 ? 32 : 3).Sum(j => (double)operands.W[j * 50 + p]));

        static void Same(LineStatistics statistics, int count, Func<int, int, double> value)
        {
            Assert.That(statistics.Count, Is.EqualTo(count));
            for (var i = 0; i < count; i++)
            {
                Assert.That(statistics.Sums[i], Is.EqualTo(Enumerable.Range(0, 50).Sum(p => value(i, p))).Within(1e-4));
                Assert.That(statistics.Squares[i], Is.EqualTo(Enumerable.Range(0, 50).Sum(p => value(i, p) * value(i, p))).Within(1e-3));
            }
        }
    }

    [Test]
    public void The_statistics_are_the_same_on_any_number_of_threads([Values(1100, 1536)] int k)
    {
        var operands = new Drawn(101, 40, k, 0);
        var checks = new[] { 1, 2, 3 }.Select(threads =>
        {
            using var backend = new FloatBackend(threads, new WorkerPool(threads));
            var left = new FloatChecks();
            backend.Multiply(operands.A, k, 101, FloatGemm.Pack(operands.W, 40, k, 32), default, new float[101 * 40], 40, default, left);
            return left;
        }).ToArray();
        var line = operands.A.AsSpan(100 * k, k).ToArray();
        Assert.That(checks[0].Activations.Squares[100], Is.EqualTo(line.Sum(value => (double)value * value)).Within(1e-3));
        Assert.That(checks[0].SummedActivations.Sums[3], Is.EqualTo(operands.A.AsSpan(96 * k).ToArray().Sum(value => (double)value)).Within(1e-3));
        foreach (var other in checks[1..])
        {
            Assert.That(other.Activations.Sums.ToArray(), Is.EqualTo(checks[0].Activations.Sums.ToArray()));
            Assert.That(other.Activations.Squares.ToArray(), Is.EqualTo(checks[0].Activations.Squares.ToArray()));
            Assert.That(other.SummedActivations.Sums.ToArray(), Is.EqualTo(checks[0].SummedActivations.Sums.ToArray()));
            Assert.That(other.SummedActivations.Squares.ToArray(), Is.EqualTo(checks[0].SummedActivations.Squares.ToArray()));
        }
    }

    [Test]
    public void Impossible_calls_are_refused_with_both_numbers()
    {
        using var backend = new FloatBackend();
        var weights = FloatGemm.Pack(new float[6], 2, 3);
        var values = new float[20];
        Assert.That(() => backend.Multiply(new float[5], 3, 2, weights, default, new float[4], 2), Throws.ArgumentException.With.Message.Contains("2 rows of 3 at stride 3").And.Message.Contains("5"));
        Assert.That(() => backend.Multiply(new float[6], 3, 2, weights, default, new float[3], 2), Throws.ArgumentException.With.Message.Contains("2 rows of 2 at stride 2").And.Message.Contains("3"));
        Assert.That(() => backend.Multiply(new float[6], 3, 2, weights, new float[1], new float[4], 2), Throws.ArgumentException.With.Message.Contains("2 values").And.Message.Contains("has 1"));
        Assert.That(() => backend.Multiply(values.AsSpan(0, 6), 3, 2, weights, default, values.AsSpan(4), 2), Throws.ArgumentException.With.Message.Contains("16 values overlaps").And.Message.Contains("6"));
        Assert.That(() => backend.Multiply(new float[6], 3, 2, weights, default, new float[4], 2, default, new FloatChecks()), Throws.ArgumentException.With.Message.Contains("at least 1").And.Message.Contains("0"));
        Assert.That(() => backend.Multiply(new float[6], 3, 2, weights, default, new float[4], 2, FaultPlan.Of(3, 2, [new Flip(0, 0, 1)])), Throws.ArgumentException.With.Message.Contains("3 x 2").And.Message.Contains("2 x 2"));
        Assert.That(() => FloatGemm.Pack(new float[5], 2, 3), Throws.ArgumentException.With.Message.Contains("6 values").And.Message.Contains("5"));
    }

    [Test]
    public unsafe void Nothing_past_the_operands_is_touched([Values(1, 17, 70)] int m, [Values(1, 31, 66)] int n, [Values(1, 40, 1024)] int k)
    {
        using var a = new GuardedPages<float>(m * k);
        using var c = new GuardedPages<float>(m * n);
        using var bias = new GuardedPages<float>(n);
        using var backend = new FloatBackend();
        foreach (var tile in (int[])[0, 32])
        {
            backend.Multiply(a.Span, k, m, FloatGemm.Pack(new float[n * k], n, k, tile), bias.Span, c.Span, n, default, tile == 0 ? null : new FloatChecks());
            Assert.That(c.Span.IndexOfAnyExcept(0f), Is.EqualTo(-1));
        }

        FloatGemm.Multiply(a.Span, m, FloatGemm.Pack(new float[n * k], n, k), bias.Span, c.Span);
    }

    private static unsafe float[] Tile(MicroKernel kernel, int rows, int columns, bool sums)
    {
        const int Groups = 9, Width = MicroTile.Columns;
        var random = new Random(rows * columns);
        float[] values = [.. Enumerable.Range(0, rows * Groups + Groups * Width + columns).Select(_ => random.NextSingle() - 0.5f)];
        // Two bf16 values a group; the bias stays fp32.
        for (var i = 0; kernel.Depth == 2 && i < values.Length - columns; i++)
            values[i] = BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(values[i]) & unchecked((int)0xFFFF0000)) | (int)((uint)BitConverter.SingleToInt32Bits(random.NextSingle()) >> 16));
        // C, then lanes, then column sums.
        var results = new float[rows * Width + rows * MicroTile.Lanes + Width];
        fixed (float* from = values, to = results)
        {
            for (var first = 0; first < Groups; first += 4)
            {
                var last = first + 4 >= Groups;
                var call = new TileCall
                {
                    A = from + first, AStride = Groups * sizeof(float), Panel = from + rows * Groups + first * Width, PanelStride = Width * sizeof(float), Groups = Math.Min(4, Groups - first),
                    Start = first == 0 ? null : to, StartStride = Width * sizeof(float), C = to, CStride = Width * sizeof(float), Bias = last ? from + values.Length - columns : null,
                    RowLanes = to + rows * Width, ColumnSums = to + rows * (Width + MicroTile.Lanes), Columns = TileCall.First(columns), RowsBegun = 1, ColumnsBegun = 1,
                };
                kernel.Run(&call, rows, (columns + MicroTile.Lanes - 1) / MicroTile.Lanes, last && sums, false);
            }
        }

        return results;
    }

    /// <summary>Operands, and the definition of all that a protected product leaves.</summary>
    private sealed class Drawn(int m, int n, int k, int gap)
    {
        public float[] A { get; } = Draw(1, (m - 1) * (k + gap) + k);

        public float[] W { get; } = Draw(2, n * k);

        public float[] Bias { get; } = Draw(3, n);

        public void Check(float[] c, FaultPlan faults, int tile, FloatChecks checks)
        {
            var truth = new float[m * n];
            for (var i = 0; i < m; i++)
            {
                for (var j = 0; j < n; j++)
                    truth[i * n + j] = Chain(p => A[i * (k + gap) + p], p => W[j * k + p]);
            }

            foreach (var flip in faults.All)
                truth[flip.Row * n + flip.Column] = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(truth[flip.Row * n + flip.Column]) ^ flip.Mask);
            if (tile != 0)
                CheckSums(truth, tile, checks);
            for (var i = 0; i < c.Length; i++)
                truth[i] += Bias[i % n];
            Assert.That(Bits(c), Is.EqualTo(Bits(truth)), $"{m} x {n} x {k}, tile {tile}");
        }

        private void CheckSums(float[] truth, int tile, FloatChecks checks)
        {
            int tileRows = (m + tile - 1) / tile, tileColumns = (n + tile - 1) / tile;
            var (rows, expectedRows) = (new float[m * tileColumns], new float[m * tileColumns]);
            var (columns, expectedColumns) = (new float[tileRows * n], new float[tileRows * n]);
            for (var t = 0; t < tileColumns; t++)
            {
                var (left, right) = (t * tile, Math.Min(n, (t + 1) * tile));
                float[] line = [.. Enumerable.Range(0, k).Select(p => Sum(left, right, j => W[j * k + p]))];
                for (var i = 0; i < m; i++)
                {
                    var lanes = new float[16];
                    for (var j = left; j < right; j++)
                        lanes[(j - left) % 16] += truth[i * n + j];
                    float Quarter(int at) => lanes[at] + lanes[at + 2] + (lanes[at + 1] + lanes[at + 3]);
                    rows[i * tileColumns + t] = Quarter(0) + Quarter(8) + (Quarter(4) + Quarter(12));
                    expectedRows[i * tileColumns + t] = Chain(p => A[i * (k + gap) + p], p => line[p]);
                }
            }

            for (var t = 0; t < tileRows; t++)
            {
                var (top, bottom) = (t * tile, Math.Min(m, (t + 1) * tile));
                float[] line = [.. Enumerable.Range(0, k).Select(p => Sum(top, bottom, i => A[i * (k + gap) + p]))];
                for (var j = 0; j < n; j++)
                {
                    columns[t * n + j] = Sum(top, bottom, i => truth[i * n + j]);
                    expectedColumns[t * n + j] = Chain(p => line[p], p => W[j * k + p]);
                }
            }

            Assert.That(Bits(checks.Observed.Rows), Is.EqualTo(Bits(rows)), "observed row sums");
            Assert.That(Bits(checks.Observed.Columns), Is.EqualTo(Bits(columns)), "observed column sums");
            Assert.That(Bits(checks.Expected.Rows), Is.EqualTo(Bits(expectedRows)), "expected row sums");
            Assert.That(Bits(checks.Expected.Columns), Is.EqualTo(Bits(expectedColumns)), "expected column sums");
        }

        private float Chain(Func<int, float> a, Func<int, float> b)
        {
            var sum = 0f;
            for (var p = 0; p < k; p++)
                sum = MathF.FusedMultiplyAdd(a(p), b(p), sum);
            return sum;
        }

        private static float Sum(int from, int to, Func<int, float> value)
        {
            var sum = 0f;
            for (var i = from; i < to; i++)
                sum += value(i);
            return sum;
        }

        /// <summary>Bits, with every NaN alike: which one an addition passes on is not defined.</summary>
        private static int[] Bits(ReadOnlySpan<float> values)
        {
            var bits = new int[values.Length];
            for (var i = 0; i < bits.Length; i++)
                bits[i] = float.IsNaN(values[i]) ? -1 : BitConverter.SingleToInt32Bits(values[i]);
            return bits;
        }

        private static float[] Draw(int seed, int count)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        }
    }
}
