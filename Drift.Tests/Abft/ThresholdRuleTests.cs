using Drift.Abft;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Abft;

/// <summary>The rule against its definition, on sums that no product need have.</summary>
internal sealed class ThresholdRuleTests
{
    private readonly Finding _finding = new();

    [TestCase(1, 1, 32, 1024)]
    [TestCase(45, 65, 32, 1024)]
    [TestCase(128, 512, 32, 1024)]
    [TestCase(70, 66, 64, 256)]
    [TestCase(300, 517, 256, 1)]
    [TestCase(33, 200, 100, int.MaxValue)]
    [TestCase(7, 9, 1, 1 << 30)]
    public void FlagsWhatTheDefinitionFlags(int m, int n, int tile, int threshold)
    {
        var random = new Random(m * n + tile);
        LineSums expected = Sums(m, n, tile), observed = Sums(m, n, tile);
        Fill(random, threshold, expected.Rows, observed.Rows);
        Fill(random, threshold, expected.Columns, observed.Columns);
        new ThresholdRule(threshold).Judge(expected, observed, _finding);

        int rows = 0, columns = 0, masked = 0;
        for (var i = 0; i < expected.Rows.Length; i++)
        {
            var flagged = Deviates(expected.Rows[i], observed.Rows[i], threshold);
            rows += flagged ? 1 : 0;
            Assert.That(_finding.IsRowFlagged(i / expected.TileColumns, i % expected.TileColumns), Is.EqualTo(flagged));
        }

        for (var i = 0; i < expected.Columns.Length; i++)
        {
            var flagged = Deviates(expected.Columns[i], observed.Columns[i], threshold);
            columns += flagged ? 1 : 0;
            Assert.That(_finding.IsColumnFlagged(i / n, i % n), Is.EqualTo(flagged));
        }

        var visited = new HashSet<(int, int)>();
        foreach (var tileFinding in _finding.MaskedTiles)
        {
            foreach (var row in tileFinding.Rows)
            {
                foreach (var column in tileFinding.Columns)
                    Assert.That(visited.Add((row, column)), Is.True);
            }
        }

        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
            {
                var inMask = Deviates(expected.Rows[i * expected.TileColumns + j / tile], observed.Rows[i * expected.TileColumns + j / tile], threshold)
                    && Deviates(expected.Columns[i / tile * n + j], observed.Columns[i / tile * n + j], threshold);
                masked += inMask ? 1 : 0;
                if (_finding.Masks(i, j) != inMask || visited.Contains((i, j)) != inMask)
                    Assert.Fail($"({i}, {j}) masked should be {inMask}");
            }
        }

        Assert.That((_finding.FlaggedRows, _finding.FlaggedColumns, _finding.MaskedElements), Is.EqualTo((rows, columns, masked)));
        Assert.That(_finding.IsClean, Is.EqualTo(rows + columns == 0));
    }

    [Test]
    public void EqualSumsAreCleanAndAnEarlierVerdictIsForgotten()
    {
        LineSums expected = Sums(40, 40, 32), observed = Sums(40, 40, 32);
        observed.Rows[3] = 5000;
        new ThresholdRule().Judge(expected, observed, _finding);
        Assert.That(_finding.FlaggedLines, Is.EqualTo(1));
        new ThresholdRule().Judge(expected, expected, _finding);
        Assert.That(_finding.IsClean, Is.True);
    }

    [Test]
    public void AnUncheckedProductIsCleanAndMasksNothing()
    {
        var none = Sums(40, 40, 0);
        new ThresholdRule().Judge(none, none, _finding);
        Assert.That(_finding.IsClean, Is.True);
        Assert.That(_finding.Masks(1, 1), Is.False);
        Assert.That(_finding.MaskedElements, Is.Zero);
    }

    [Test]
    public void JudgingAllocatesNothingOnceWarm()
    {
        LineSums expected = Sums(128, 512, 32), observed = Sums(128, 512, 32);
        Fill(new Random(1), 1024, expected.Rows, observed.Rows);
        Fill(new Random(2), 1024, expected.Columns, observed.Columns);
        var rule = new ThresholdRule();
        rule.Judge(expected, observed, _finding);
        _ = _finding.MaskedElements;
        var before = GC.GetAllocatedBytesForCurrentThread();
        rule.Judge(expected, observed, _finding);
        var masked = _finding.MaskedElements;
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(masked, Is.Positive);
    }

    [Test]
    public void SumsOfDifferentProductsAreRefused() =>
        Assert.Throws<ArgumentException>(() => new ThresholdRule().Judge(Sums(40, 40, 32), Sums(40, 41, 32), _finding));

    [Test]
    public void AThresholdBelowOneIsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => _ = new ThresholdRule(0));

    private static bool Deviates(int expected, int observed, int threshold) => Math.Abs((long)(observed - expected)) >= threshold;

    private static LineSums Sums(int m, int n, int tile)
    {
        var sums = new LineSums();
        sums.Resize(m, n, tile);
        return sums;
    }

    /// <summary>Deviations at and around the threshold on both sides, the extremes, and any.</summary>
    private static void Fill(Random random, int threshold, Span<int> expected, Span<int> observed)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            expected[i] = random.Next(int.MinValue, int.MaxValue);
            observed[i] = expected[i] + random.Next(9) switch
            {
                0 => threshold,
                1 => -threshold,
                2 => threshold - 1,
                3 => 1 - threshold,
                4 => int.MinValue,
                5 => int.MaxValue,
                6 => random.Next(int.MinValue, int.MaxValue),
                _ => 0,
            };
        }
    }
}
