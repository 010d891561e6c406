using Drift.Kernels;

namespace Drift.Abft;

/// <summary>How a verdict compares with the faults that were really there.</summary>
/// <param name="LargeFaults">Flips whose delta is at least the threshold in magnitude.</param>
/// <param name="MissedLarge">Those of them that no mask covers.</param>
/// <param name="Unexplained">
/// Missed ones that cancellation does not explain: a line of theirs is not flagged although they alone lie on it. 0 unless detection is broken.
/// </param>
/// <param name="FalseAlarms">Flagged lines that no flip touches. 0 with integer checksums.</param>
public readonly record struct EscapeCount(int LargeFaults, int MissedLarge, int Unexplained, int FalseAlarms)
{
    /// <summary>Missed ones that share each of their unflagged lines with another flip, which cancelled them there.</summary>
    public int Explained => MissedLarge - Unexplained;

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
    /// <param name="threshold">Smallest magnitude of a delta that counts as large, at least 1; the detection rule's own.</param>
    /// <exception cref="ArgumentException">The product was not checked, or the plan is of another shape.</exception>
    public EscapeCount Count(FaultPlan faults, Finding finding, int threshold)
    {
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 1);
        if (finding.Tile == 0)
            throw new ArgumentException("a product without checks has no verdict to judge", nameof(finding));
        if (faults.IsEmpty)
            return new EscapeCount(0, 0, 0, finding.FlaggedLines);
        if (faults.BlockRows != (finding.M + FaultPlan.Block - 1) / FaultPlan.Block || faults.BlockColumns != (finding.N + FaultPlan.Block - 1) / FaultPlan.Block)
            throw new ArgumentException($"the plan is not of a product of {finding.M} x {finding.N}", nameof(faults));
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

        int large = 0, missed = 0, unexplained = 0;
        for (var i = 0; i < faults.Count; i++)
        {
            var segments = _segments[i];
            if (1L << faults.All[i].Bit < threshold)
                continue;
            large++;
            if (segments.RowFlagged && segments.ColumnFlagged)
                continue;
            missed++;
            if ((!segments.RowFlagged && _rows[segments.Row] == 1) || (!segments.ColumnFlagged && _columns[segments.Column] == 1))
                unexplained++;
        }

        // Only touched counters are zeroed: the next plan finds them as this one did.
        foreach (var segments in _segments.AsSpan(0, faults.Count))
            (_rows[segments.Row], _columns[segments.Column]) = (0, 0);
        return new EscapeCount(large, missed, unexplained, finding.FlaggedLines - alarmsWithCause);
    }

    /// <summary>A flip's line segments, as indices of the counters, and whether each is flagged.</summary>
    private readonly record struct Segments(int Row, int Column, bool RowFlagged, bool ColumnFlagged);
}
