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

    /// <summary>Counts escapes and false alarms of one product.</summary>
    /// <param name="faults">The plan that was applied.</param>
    /// <param name="finding">The verdict on it.</param>
    /// <param name="threshold">Smallest magnitude of a delta that counts as large, at least 1; the detection rule's own.</param>
    /// <exception cref="ArgumentException">The product was not checked.</exception>
    public EscapeCount Count(FaultPlan faults, Finding finding, int threshold)
    {
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 1);
        if (finding.Tile == 0)
            throw new ArgumentException("a product without checks has no verdict to judge", nameof(finding));
        if (faults.IsEmpty)
            return new EscapeCount(0, 0, 0, finding.FlaggedLines);
        if (_rows.Length < finding.M * finding.TileColumns)
            _rows = new int[finding.M * finding.TileColumns];
        if (_columns.Length < finding.TileRows * finding.N)
            _columns = new int[finding.TileRows * finding.N];

        var alarmsWithCause = 0;
        foreach (var flip in faults.All)
        {
            var (row, column) = Lines(flip, finding);
            if (_rows[row]++ == 0 && finding.IsRowFlagged(flip.Row, flip.Column / finding.Tile))
                alarmsWithCause++;
            if (_columns[column]++ == 0 && finding.IsColumnFlagged(flip.Row / finding.Tile, flip.Column))
                alarmsWithCause++;
        }

        int large = 0, missed = 0, unexplained = 0;
        foreach (var flip in faults.All)
        {
            if (1L << flip.Bit < threshold)
                continue;
            large++;
            var rowFlagged = finding.IsRowFlagged(flip.Row, flip.Column / finding.Tile);
            var columnFlagged = finding.IsColumnFlagged(flip.Row / finding.Tile, flip.Column);
            if (rowFlagged && columnFlagged)
                continue;
            missed++;
            var (row, column) = Lines(flip, finding);
            if ((!rowFlagged && _rows[row] == 1) || (!columnFlagged && _columns[column] == 1))
                unexplained++;
        }

        // Only touched counters are zeroed: the next plan finds them as this one did.
        foreach (var flip in faults.All)
        {
            var (row, column) = Lines(flip, finding);
            (_rows[row], _columns[column]) = (0, 0);
        }

        return new EscapeCount(large, missed, unexplained, finding.FlaggedLines - alarmsWithCause);
    }

    private static (int Row, int Column) Lines(Flip flip, Finding finding) =>
        (flip.Row * finding.TileColumns + flip.Column / finding.Tile, flip.Row / finding.Tile * finding.N + flip.Column);
}
