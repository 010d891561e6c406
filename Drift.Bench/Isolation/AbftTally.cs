using Drift.Abft;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>What became of the flips of some trials, by the plan. Serves one thread; tallies add up.</summary>
internal sealed class AbftTally
{
    /// <summary>Tiles with more flips are counted together with these.</summary>
    public const int MostInTile = 8;

    private readonly GroundTruth _truth = new();
    private int[] _inTile = [];

    /// <summary>Products.</summary>
    public long Trials { get; set; }

    /// <summary>Lines that were judged.</summary>
    public long Lines { get; private set; }

    /// <summary>Flips.</summary>
    public long Flips { get; private set; }

    /// <summary>Flips whose row or column is flagged.</summary>
    public long Detected { get; private set; }

    /// <summary>Flips whose row and column are both flagged.</summary>
    public long Located { get; private set; }

    /// <summary>Not located, and too small for the detector to flag alone.</summary>
    public long BelowThreshold { get; private set; }

    /// <summary>Large, and not located since the row's flips cancel.</summary>
    public long CancelledOnRow { get; private set; }

    /// <summary>Large, and not located since the column's flips cancel.</summary>
    public long CancelledOnColumn { get; private set; }

    /// <summary>Large, and not located since both lines' flips cancel.</summary>
    public long CancelledOnBoth { get; private set; }

    /// <summary>Large flips.</summary>
    public long Large { get; private set; }

    /// <summary>Flagged lines that no flip lies on.</summary>
    public long FalseAlarms { get; private set; }

    /// <summary>Flips that were taken back.</summary>
    public long Corrected { get; set; }

    /// <summary>Values that were replaced by wrong ones.</summary>
    public long Miscorrected { get; set; }

    /// <summary>Large flips, and those of them not located, by the number of flips in their tile, 1..<see cref="MostInTile"/>.</summary>
    public (long Large, long Escaped)[] ByCount { get; } = new (long, long)[MostInTile + 1];

    /// <summary>Counts a product.</summary>
    /// <param name="plan">Its flips.</param>
    /// <param name="finding">The verdict.</param>
    /// <param name="isLarge">Whether a flip, by its number, would be flagged alone.</param>
    public void Count(FaultPlan plan, Finding finding, Func<int, bool> isLarge)
    {
        var (tile, columns) = (finding.Tile, finding.TileColumns);
        Lines += finding.M * columns + finding.N * finding.TileRows;
        FalseAlarms += _truth.Count(plan, finding, 1).FalseAlarms;
        Flips += plan.Count;
        if (_inTile.Length < finding.TileRows * columns)
            _inTile = new int[finding.TileRows * columns];
        _inTile.AsSpan().Clear();
        foreach (var flip in plan.All)
            _inTile[flip.Row / tile * columns + flip.Column / tile]++;
        for (var i = 0; i < plan.Count; i++)
        {
            var flip = plan.All[i];
            bool row = finding.IsRowFlagged(flip.Row, flip.Column / tile), column = finding.IsColumnFlagged(flip.Row / tile, flip.Column), large = isLarge(i);
            Detected += row || column ? 1 : 0;
            Located += row && column ? 1 : 0;
            var inTile = Math.Min(MostInTile, _inTile[flip.Row / tile * columns + flip.Column / tile]);
            if (large)
            {
                Large++;
                ByCount[inTile].Large++;
            }

            if (row && column)
                continue;
            if (!large)
            {
                BelowThreshold++;
                continue;
            }

            ByCount[inTile].Escaped++;
            if (column)
                CancelledOnRow++;
            else if (row)
                CancelledOnColumn++;
            else
                CancelledOnBoth++;
        }
    }

    /// <summary>Takes another's counts in.</summary>
    public void Add(AbftTally other)
    {
        (Trials, Lines, Flips, Detected, Located) = (Trials + other.Trials, Lines + other.Lines, Flips + other.Flips, Detected + other.Detected, Located + other.Located);
        (BelowThreshold, Large, FalseAlarms) = (BelowThreshold + other.BelowThreshold, Large + other.Large, FalseAlarms + other.FalseAlarms);
        (CancelledOnRow, CancelledOnColumn, CancelledOnBoth) =
            (CancelledOnRow + other.CancelledOnRow, CancelledOnColumn + other.CancelledOnColumn, CancelledOnBoth + other.CancelledOnBoth);
        (Corrected, Miscorrected) = (Corrected + other.Corrected, Miscorrected + other.Miscorrected);
        for (var k = 0; k < ByCount.Length; k++)
            ByCount[k] = (ByCount[k].Large + other.ByCount[k].Large, ByCount[k].Escaped + other.ByCount[k].Escaped);
    }
}
