using System.Numerics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Reads the flips off the deviations and takes them back. In every tile, first the accumulators that exceed the bound of their operands' norms, whose flips need no sums; then,
/// bit plane by bit plane, those that rows and columns agree on (<see cref="PlaneSearch"/>). All lines must close. Positions on which equally good explanations differ
/// are flagged, and so are those where a flip or two more would be no worse (<see cref="RectangleCheck"/>); in a tile that nothing explains, all lines that still deviate are. Nothing is guessed.
/// </summary>
public sealed class PlaneDecoder : ICorrector
{
    /// <summary>The largest tile that can be decoded.</summary>
    public const int LargestTile = Hypothesis.LargestTile;

    private readonly int _threshold;
    private readonly DeviatingLines _lines = new();
    private readonly Flip[] _flips = new Flip[Peeling.Most];
    private readonly Placement[] _placements = new Placement[Peeling.Most];
    private readonly PlaneWalk _walk = new();
    private readonly Hypothesis _start = new();
    private readonly PlaneSearch _search = new();
    private readonly RectangleCheck _rectangles = new();
    private long _peeled;
    private long _walked;
    private long _searched;

    /// <summary>A decoder.</summary>
    /// <param name="threshold">Smallest error that is flagged where it cannot be taken back, at least 1.</param>
    public PlaneDecoder(int threshold = ThresholdRule.PaperThreshold)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 1);
        _threshold = threshold;
    }

    /// <inheritdoc/>
    public bool NeedsNorms => true;

    /// <summary>For tests: every tile is searched, the easy ones too.</summary>
    internal bool AlwaysSearches { get; init; }

    /// <summary>For tests: how many tiles were peeled, walked through plane by plane, and searched, since the decoder was made.</summary>
    internal (long Peeled, long Walked, long Searched) Ways => (_peeled, _walked, _searched);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The tile is too large, the norms are missing, or rows have odd weights.</exception>
    public void Correct(in SuspectProduct product, Finding finding, Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentNullException.ThrowIfNull(corrections);
        var (m, n, _) = product.Output.Shape;
        var tile = product.Deviations.Tile;
        if (tile is < 1 or > LargestTile)
            throw new ArgumentException($"tiles of 1 to {LargestTile} can be decoded, not of {tile}", nameof(product));
        product.RequirePlainRows();
        if (product.RowNorms.Length < m || product.ColumnNorms.Length < n)
            throw new ArgumentException("decoding needs the norms of all rows and columns", nameof(product));
        finding.Reset(m, n, tile);
        for (var tileRow = 0; tileRow < finding.TileRows; tileRow++)
        {
            _lines.Scan(product, tileRow);
            for (var tileColumn = 0; tileColumn < finding.TileColumns; tileColumn++)
            {
                ulong rows = _lines.Rows(tileColumn), columns = DeviatingLines.Columns(product, tileRow, tileColumn);
                if ((rows | columns) == 0)
                    continue;
                var suspect = new SuspectTile(product, tileRow, tileColumn);
                var peeling = new Peeling(product, suspect, tileRow, tileColumn, _flips);
                if (!AlwaysSearches && peeling.TryPlace(rows, columns))
                {
                    _peeled++;
                    Apply(product, suspect, peeling.Placements(_placements), tileRow, tileColumn, finding, corrections);
                }
                else if (!AlwaysSearches && _walk.TryPlace(product, suspect, rows, columns, tileRow, tileColumn))
                {
                    _walked++;
                    Apply(product, suspect, _walk.Placements, tileRow, tileColumn, finding, corrections);
                }
                else
                {
                    _searched++;
                    Search(product, suspect, tileRow, tileColumn, finding, corrections);
                }
            }
        }
    }

    private void Search(in SuspectProduct product, in SuspectTile tile, int tileRow, int tileColumn, Finding finding, Corrections corrections)
    {
        _start.Load(product, tileRow, tileColumn, tile.Height, tile.Width);
        var rows = _start.DeviatingRows;
        Locate(tile, rows);
        // A row on which two flips cancel deviates nowhere, and is looked at only when the columns ask for it.
        var explanation = _search.Explain(tile, _start, balancedOnly: true);
        if (explanation is null)
        {
            Locate(tile, ~rows & tile.AllRows);
            explanation = _search.Explain(tile, _start, balancedOnly: false);
        }

        if (explanation is not null)
        {
            Apply(product, tile, explanation.Placements, tileRow, tileColumn, finding, corrections);
            return;
        }

        // Only what needs no sums is known here.
        _start.Load(product, tileRow, tileColumn, tile.Height, tile.Width);
        Locate(tile, tile.AllRows);
        Apply(product, tile, _start.Placements, tileRow, tileColumn, finding, corrections);
        GiveUp(tile, tileRow, tileColumn, finding, corrections);
    }

    /// <summary>Places the flips of accumulators beyond their bound, where one bit alone brings them back.</summary>
    private void Locate(in SuspectTile tile, ulong rows)
    {
        for (; rows != 0; rows &= rows - 1)
        {
            var row = BitOperations.TrailingZeroCount(rows);
            for (var beyond = tile.BeyondBound(row); beyond != 0; beyond &= beyond - 1)
            {
                var column = BitOperations.TrailingZeroCount(beyond);
                var bit = tile.BitBeyondBound(row, column);
                if (bit >= 0)
                    _start.Place(row, column, bit, tile[row, column]);
            }
        }
    }

    private void Apply(in SuspectProduct product, in SuspectTile tile, Span<Placement> placements, int tileRow, int tileColumn, Finding finding, Corrections corrections)
    {
        ulong rows = 0, columns = 0;
        if (product.Moments is null && _rectangles.Doubts(tile, placements, BitOperations.Log2((uint)_threshold)))
            (rows, columns) = (_rectangles.Rows, _rectangles.Columns);
        foreach (var (row, column, bit, certain) in placements)
        {
            if (certain)
            {
                corrections.Replace(tile.FirstRow + row, tile.FirstColumn + column, tile[row, column] ^ (1 << bit));
            }
            else if (1L << bit >= _threshold)
            {
                rows |= 1UL << row;
                columns |= 1UL << column;
            }
        }

        Flag(tile, rows, columns, tileRow, tileColumn, finding);
    }

    /// <summary>
    /// Flags the lines that deviate. Where the rows need more flips than the columns, some columns hide pairs that cancel, and the rows are flagged over the whole width; and the reverse.
    /// </summary>
    private void GiveUp(in SuspectTile tile, int tileRow, int tileColumn, Finding finding, Corrections corrections)
    {
        corrections.GiveUpTile();
        var (rows, columns) = (_start.DeviatingRows, _start.DeviatingColumns);
        if (_start.RowNeed > _start.ColumnNeed)
            columns = tile.AllColumns;
        else if (_start.ColumnNeed > _start.RowNeed)
            rows = tile.AllRows;
        Flag(tile, rows, columns, tileRow, tileColumn, finding);
    }

    private static void Flag(in SuspectTile tile, ulong rows, ulong columns, int tileRow, int tileColumn, Finding finding)
    {
        for (; rows != 0; rows &= rows - 1)
            finding.FlagRow(tile.FirstRow + BitOperations.TrailingZeroCount(rows), tileColumn);
        for (; columns != 0; columns &= columns - 1)
            finding.FlagColumn(tileRow, tile.FirstColumn + BitOperations.TrailingZeroCount(columns));
    }
}
