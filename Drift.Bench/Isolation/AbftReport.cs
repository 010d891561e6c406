using Drift.Abft;
using Drift.Models;

namespace Drift.Bench;

/// <summary>One quantity of <c>drift abft</c>.</summary>
/// <param name="Quantity">What was counted.</param>
/// <param name="Count">How often. Measured.</param>
/// <param name="Of">Among how many.</param>
/// <param name="Share">The share; null of none.</param>
/// <param name="Low">Lower end of its 95 % interval (Wilson).</param>
/// <param name="High">Upper end.</param>
/// <param name="Theory">The share as computed; null where there is no theory.</param>
internal sealed record AbftRow(string Quantity, long Count, long Of, double? Share, double? Low, double? High, double? Theory)
{
    /// <summary>Whether the theory lies in the interval; null where there is none.</summary>
    public bool? Inside => Theory is { } theory && Low is { } low && High is { } high ? theory >= low && theory <= high : null;

    /// <summary>A row of counts.</summary>
    public static AbftRow Counted(string quantity, long count, long of, double? theory = null)
    {
        var share = ConfidenceInterval.OfProportion(count, of);
        return of == 0 ? new AbftRow(quantity, 0, 0, null, null, null, theory) : new AbftRow(quantity, count, of, share.Mean, share.Low, share.High, theory);
    }
}

/// <summary>The result of <c>drift abft</c>.</summary>
/// <param name="Settings">Every setting by name.</param>
/// <param name="Rows">Counts, with theory beside them.</param>
/// <param name="TrialsPerSecond">Trials a second of all threads, operands, flips, verdicts and counting included. Measured.</param>
/// <param name="GuardedSeconds">A product with what <see cref="Timed"/> says, on one thread. Measured.</param>
/// <param name="PlainSeconds">The same without. Measured.</param>
internal sealed record AbftReport(IReadOnlyDictionary<string, object?> Settings, IReadOnlyList<AbftRow> Rows, double TrialsPerSecond, double GuardedSeconds, double PlainSeconds)
{
    /// <summary>What of the checks is timed.</summary>
    public string Timed => Equals(Settings.GetValueOrDefault("type"), AbftNames.Int8) ? "checks" : "line sums";

    /// <summary>Time of the checks over that of the product.</summary>
    public double Overhead => GuardedSeconds / PlainSeconds - 1;

    /// <summary>Puts it together.</summary>
    public static AbftReport Of(AbftOptions options, AbftTally tally, double seconds, DuelTimes times)
    {
        var theory = TheoryOf(options);
        var (height, width) = (Math.Min(options.Tile, options.Shape.M), Math.Min(options.Tile, options.Shape.N));
        var all = theory?.At(height, width, options.Rate);
        List<AbftRow> rows =
        [
            AbftRow.Counted("detected: row or column flagged", tally.Detected, tally.Flips),
            AbftRow.Counted("located: row and column flagged", tally.Located, tally.Flips),
            AbftRow.Counted("corrected", tally.Corrected, tally.Flips),
            AbftRow.Counted("replaced by a wrong value", tally.Miscorrected, tally.Flips),
            AbftRow.Counted("escaped: below threshold", tally.BelowThreshold, tally.Flips),
            AbftRow.Counted("escaped: cancelled on row", tally.CancelledOnRow, tally.Large, all?.Row),
            AbftRow.Counted("escaped: cancelled on column", tally.CancelledOnColumn, tally.Large, all?.Column),
            AbftRow.Counted("escaped: cancelled on row and column", tally.CancelledOnBoth, tally.Large, all?.Both),
            AbftRow.Counted("escaped: large flips, all", tally.CancelledOnRow + tally.CancelledOnColumn + tally.CancelledOnBoth, tally.Large, all?.All),
        ];
        for (var k = 1; k <= AbftTally.MostInTile; k++)
        {
            var last = k == AbftTally.MostInTile;
            if (tally.ByCount[k].Large > 0)
                rows.Add(AbftRow.Counted($"escaped: large flips, {k}{(last ? " or more" : "")} in the tile", tally.ByCount[k].Escaped, tally.ByCount[k].Large, last ? null : theory?.Given(height, width, k).All));
        }

        rows.Add(AbftRow.Counted("false alarms", tally.FalseAlarms, tally.Lines));
        return new AbftReport(options.ToSettings(), rows, tally.Trials / seconds, times.Ours, times.Rival ?? double.NaN);
    }

    /// <summary>The theory is that of independent hits on INT32 accumulators, in tiles that are all alike, whose lines are plain sums.</summary>
    private static CancellationTheory? TheoryOf(AbftOptions options)
    {
        var (m, n, _) = options.Shape;
        var isWhole = (m <= options.Tile || m % options.Tile == 0) && (n <= options.Tile || n % options.Tile == 0);
        return options.Type == AbftNames.Int8 && options.Flips.Count == 0 && isWhole && !AbftNames.NeedsOddRows(options.Corrector) && AbftNames.ThresholdOf(options) <= 1 << 30
            ? new CancellationTheory(AbftNames.ThresholdOf(options))
            : null;
    }
}
