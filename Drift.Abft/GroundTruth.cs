using Drift.Kernels;

namespace Drift.Abft;

/// <summary>How a verdict compares with the faults that were really there.</summary>
/// <param name="LargeFaults">Flips whose delta counts as large.</param>
/// <param name="MissedLarge">Those of them that no mask covers.</param>
/// <param name="Unexplained">
/// Missed ones that cancellation does not explain: a line of theirs is not flagged although they alone lie on it. 0 unless detection is broken.
/// </param>
/// <param name="FalseAlarms">Flagged lines that no flip touches. 0 with integer checksums.</param>
public readonly record struct EscapeCount(int LargeFaults, int MissedLarge, int Unexplained, int FalseAlarms)
{
    /// <summary>Counts of two products together.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static EscapeCount operator +(EscapeCount a, EscapeCount b) => new(a.LargeFaults + b.LargeFaults, a.MissedLarge + b.MissedLarge,
        a.Unexplained + b.Unexplained, a.FalseAlarms + b.FalseAlarms);
}

/// <summary>
/// Judges verdicts by the fault plan. A flip of bit b changes its accumulator by 2^b in magnitude, so the plan alone is enough.
/// One a worker: it keeps its counters from call to call.
/// </summary>
public sealed class GroundTruth
{
    private int[] _rows = [];
    private int[] _columns = [];
    private Segments[] _segments = [];

    /// <summary>Counts escapes and false alarms of one product.</summary>
    /// <param name="faults">The plan that was applied.</param>
    /// <param name="finding">The verdict on it.</param>
    /// <param name="threshold">Smallest magnitude of a lone delta that the detection rule flags, at least 1: smaller ones need no explanation.</param>
    /// <param name="large">Smallest magnitude of a delta that counts as large, at least 1; the threshold where null.</param>
    /// <exception cref="ArgumentException">The product was not checked, or the plan is of another shape.</exception>
    public EscapeCount Count(FaultPlan faults, Finding finding, int threshold, int? large = null)
    {
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 1);
        var least = large ?? threshold;
        ArgumentOutOfRangeException.ThrowIfLessThan(least, 1, nameof(large));
        if (finding.Tile == 0)
            throw new ArgumentException("a product without checks has no verdict to judge", nameof(finding));
        if (faults.IsEmpty)
            return new EscapeCount(0, 0, 0, finding.FlaggedLines);
        faults.RequireShape(finding.M, finding.N);
        if (_rows.Length < finding.M * finding.TileColumns)
            _rows = new int[finding.M * finding.TileColumns];
        if (_columns.Length < finding.TileRows * finding.N)
            _columns = new int[finding.TileRows * finding.N];
        if (_segments.Length < faults.Count)
            _segments = new Segments[Math.Max(faults.Count, 2 * _segments.Length)];
        var alarmsWithCause = 0;
        for (var i = 0; i < faults.Count; i++)
        {
            var flip = faults.All[i];
            int tileRow = flip.Row / finding.Tile, tileColumn = flip.Column / finding.Tile;
            var segments = new Segments(flip.Row * finding.TileColumns + tileColumn, tileRow * finding.N + flip.Column,
                finding.IsRowFlagged(flip.Row, tileColumn), finding.IsColumnFlagged(tileRow, flip.Column));
            _segments[i] = segments;
            if (_rows[segments.Row]++ == 0 && segments.RowFlagged)
                alarmsWithCause++;
            if (_columns[segments.Column]++ == 0 && segments.ColumnFlagged)
                alarmsWithCause++;
        }

        int found = 0, missed = 0, unexplained = 0;
        for (var i = 0; i < faults.Count; i++)
        {
            var segments = _segments[i];
            var magnitude = 1L << faults.All[i].Bit;
            if (magnitude < least)
                continue;
            found++;
            if (segments.RowFlagged && segments.ColumnFlagged)
                continue;
            missed++;
            if (magnitude >= threshold && ((!segments.RowFlagged && _rows[segments.Row] == 1) || (!segments.ColumnFlagged && _columns[segments.Column] == 1)))
                unexplained++;
        }

        // Only touched counters are zeroed: the next plan finds them as this one did.
        foreach (var segments in _segments.AsSpan(0, faults.Count))
            (_rows[segments.Row], _columns[segments.Column]) = (0, 0);
        return new EscapeCount(found, missed, unexplained, finding.FlaggedLines - alarmsWithCause);
    }

    /// <summary>A flip's line segments, as indices of the counters, and whether each is flagged.</summary>
    private readonly record struct Segments(int Row, int Column, bool RowFlagged, bool ColumnFlagged);
}
