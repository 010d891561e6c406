using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>fp32 rows that stand in pairs: the same chains as rows apart, for few columns and for panels, and with every operand at the end of its page.</summary>
public sealed unsafe class PairKernelTests
{
    private const int Groups = 5, Gap = 3, PairWords = 2 * Groups + Gap;

    [Test]
    public void Every_function_has_a_place_of_its_own() =>
        Assert.That(MicroTile.Of(DotType.Float).Concat(Enumerable.Range(1, MicroTile.MostPairedRows).Select(rows => new MicroTile(DotType.Float, rows, 1, false, false, Paired: true))).Select(tile => tile.Index),
            Is.Unique.And.All.InRange(0, MicroTile.Places - 1));

    [Test]
    public void Two_rows_in_a_vector_are_the_definition([Range(1, MicroTile.MostPairedRows)] int rows, [Values(1, 3, 8)] int columns, [Values] bool begun)
    {
        using var kernels = Open();
        var (random, stride) = (new Random(rows), columns + 2);
        using var a = new GuardedPages<float>(Words(rows));
        using var panel = new GuardedPages<float>(Groups * MicroTile.Lanes);
        using var start = new GuardedPages<float>((rows - 1) * stride + columns);
        using var c = new GuardedPages<float>((rows - 1) * stride + columns);
        Draw(random, a.Span);
        Draw(random, start.Span);
        Draw(random, panel.Span);
        for (var i = 0; i < panel.Length; i++)
            panel.Span[i] = i % MicroTile.Lanes / 2 < columns ? panel.Span[i & ~1] : 0;
        var before = c.Span.ToArray();
        var call = new TileCall
        {
            A = a.Pointer, PairStride = PairWords * sizeof(float), Panel = panel.Pointer, PanelStride = MicroTile.Lanes * sizeof(float), Groups = Groups, Start = begun ? start.Pointer : null, StartStride = stride * sizeof(float), C = c.Pointer,
            CStride = stride * sizeof(float), Columns = TileCall.First(columns),
        };
        kernels.Run(&call, new MicroTile(DotType.Float, rows, 1, false, false, Paired: true));
        for (var i = 0; i < c.Length; i++)
        {
            var truth = begun ? start.Span[i] : 0f;
            for (var g = 0; g < Groups; g++)
                truth = MathF.FusedMultiplyAdd(a.Span[At(i / stride, g)], panel.Span[g * MicroTile.Lanes + i % stride % MicroTile.PairedColumns * 2], truth);
            Assert.That(c.Span[i], Is.EqualTo(i % stride < columns ? truth : before[i]), $"row {i / stride}, column {i % stride}");
        }
    }

    [Test]
    public void A_panel_meets_rows_in_pairs_from_any_row_on([Range(1, MicroTile.MostRows)] int rows, [Values(0, 1)] int first, [Values(1, 2)] int vectors, [Values] bool check)
    {
        using var kernels = Open();
        var (random, width, own) = (new Random(rows), vectors * MicroTile.Lanes, rows - (check ? 1 : 0));
        if (own == 0)
            return;
        using var a = new GuardedPages<float>(Words(first + own));
        using var checkA = new GuardedPages<float>(Groups);
        using var panel = new GuardedPages<float>(Groups * width);
        using var c = new GuardedPages<float>(own * width);
        using var checks = new GuardedPages<float>(width);
        foreach (var operand in (GuardedPages<float>[])[a, checkA, panel])
            Draw(random, operand.Span);
        var call = new TileCall
        {
            A = a.Pointer + first, AStride = (first == 0 ? 1 : PairWords - 1) * sizeof(float), PairStride = PairWords * sizeof(float), CheckA = checkA.Pointer, CheckAStride = Groups * sizeof(float), Panel = panel.Pointer,
            PanelStride = width * sizeof(float), Groups = Groups, C = c.Pointer, CStride = width * sizeof(float), Checks = checks.Pointer, Columns = TileCall.First(width),
        };
        kernels.Run(&call, rows, vectors, sums: false, check);
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < width; j++)
            {
                var truth = 0f;
                for (var g = 0; g < Groups; g++)
                    truth = MathF.FusedMultiplyAdd(i < own ? a.Span[At(first + i, g)] : checkA.Span[g], panel.Span[g * width + j], truth);
                Assert.That(i < own ? c.Span[i * width + j] : checks.Span[j], Is.EqualTo(truth), $"row {i}, column {j}");
            }
        }
    }

    private static GeneratedKernels Open()
    {
        if (GeneratedKernels.Missing(DotType.Float) is { } missing)
            Assert.Ignore(missing);
        return new GeneratedKernels(DotType.Float);
    }

    /// <summary>Where a row's value stands.</summary>
    private static int At(int row, int group) => row / 2 * PairWords + 2 * group + row % 2;

    /// <summary>Whole pairs; nothing after the last one's groups.</summary>
    private static int Words(int rows) => (rows - 1) / 2 * PairWords + 2 * Groups;

    private static void Draw(Random random, Span<float> values)
    {
        foreach (ref var value in values)
            value = random.NextSingle() - 0.5f;
    }
}
