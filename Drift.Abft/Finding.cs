using System.Numerics;

namespace Drift.Abft;

/// <summary>
/// A verdict on one product: flagged rows and flagged columns of every tile. The elements to mend are flagged rows x flagged columns of the same tile; a row
/// flagged in a tile without flagged columns masks nothing. One a worker, reused from call to call without allocation.
/// </summary>
public sealed class Finding
{
    private ulong[] _rows = [];
    private ulong[] _columns = [];
    private int _words;

    /// <summary>Rows of the product.</summary>
    public int M { get; private set; }

    /// <summary>Columns of the product.</summary>
    public int N { get; private set; }

    /// <summary>Edge of a tile; 0 when the product was not checked.</summary>
    public int Tile { get; private set; }

    /// <summary>Number of tiles from top to bottom.</summary>
    public int TileRows => Tile == 0 ? 0 : (M + Tile - 1) / Tile;

    /// <summary>Number of tiles from left to right.</summary>
    public int TileColumns => Tile == 0 ? 0 : (N + Tile - 1) / Tile;

    /// <summary>Flagged row segments: a row counts once in each tile that flags it.</summary>
    public int FlaggedRows { get; private set; }

    /// <summary>Flagged column segments: a column counts once in each tile that flags it.</summary>
    public int FlaggedColumns { get; private set; }

    /// <summary>Flagged lines of both directions.</summary>
    public int FlaggedLines => FlaggedRows + FlaggedColumns;

    /// <summary>True when no line is flagged.</summary>
    public bool IsClean => FlaggedLines == 0;

    /// <summary>The tiles that mask at least one element, in row-major order. Enumerates without allocation; flag nothing meanwhile.</summary>
    public MaskedTiles MaskedTiles => new(this);

    /// <summary>Elements to mend: the sum over the tiles of flagged rows times flagged columns.</summary>
    public int MaskedElements
    {
        get
        {
            var sum = 0;
            foreach (var tile in MaskedTiles)
                sum += tile.Masked;
            return sum;
        }
    }

    /// <summary>Forgets everything and takes a new shape, with no line flagged. For detection rules.</summary>
    /// <param name="m">Rows of the product, at least 0.</param>
    /// <param name="n">Columns of the product, at least 0.</param>
    /// <param name="tile">Edge of a tile, or 0 for a product without checks.</param>
    /// <exception cref="ArgumentOutOfRangeException">A negative argument.</exception>
    public void Reset(int m, int n, int tile)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(tile);
        (M, N, Tile) = (m, n, tile);
        (FlaggedRows, FlaggedColumns) = (0, 0);
        _words = (tile + 63) / 64;
        var needed = TileRows * TileColumns * _words;
        if (_rows.Length < needed)
            (_rows, _columns) = (new ulong[needed], new ulong[needed]);
        _rows.AsSpan(0, needed).Clear();
        _columns.AsSpan(0, needed).Clear();
    }

    /// <summary>Flags the segment of a row in a tile column. For detection rules.</summary>
    /// <param name="row">Row, 0..M-1.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    public void FlagRow(int row, int tileColumn)
    {
        var (tileRow, line) = Math.DivRem(row, Tile);
        if (Set(_rows, tileRow, tileColumn, line))
            FlaggedRows++;
    }

    /// <summary>Flags the segment of a column in a tile row. For detection rules.</summary>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="column">Column, 0..N-1.</param>
    public void FlagColumn(int tileRow, int column)
    {
        var (tileColumn, line) = Math.DivRem(column, Tile);
        if (Set(_columns, tileRow, tileColumn, line))
            FlaggedColumns++;
    }

    /// <summary>Flags the segments of all rows of a tile. For detection rules.</summary>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    public void FlagAllRows(int tileRow, int tileColumn) => FlaggedRows += SetAll(_rows, tileRow, tileColumn, Math.Min(Tile, M - tileRow * Tile));

    /// <summary>Flags the segments of all columns of a tile. For detection rules.</summary>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    public void FlagAllColumns(int tileRow, int tileColumn) => FlaggedColumns += SetAll(_columns, tileRow, tileColumn, Math.Min(Tile, N - tileColumn * Tile));

    /// <summary>Whether a row is flagged in a tile column.</summary>
    /// <param name="row">Row, 0..M-1.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    public bool IsRowFlagged(int row, int tileColumn)
    {
        var (tileRow, line) = Math.DivRem(row, Tile);
        return IsSet(_rows, tileRow, tileColumn, line);
    }

    /// <summary>Whether a column is flagged in a tile row.</summary>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="column">Column, 0..N-1.</param>
    public bool IsColumnFlagged(int tileRow, int column)
    {
        var (tileColumn, line) = Math.DivRem(column, Tile);
        return IsSet(_columns, tileRow, tileColumn, line);
    }

    /// <summary>Whether an element is to be mended: its row and its column are both flagged in its tile.</summary>
    /// <param name="row">Row, 0..M-1.</param>
    /// <param name="column">Column, 0..N-1.</param>
    public bool Masks(int row, int column) => Tile > 0 && IsRowFlagged(row, column / Tile) && IsColumnFlagged(row / Tile, column);

    /// <summary>The flagged lines of one tile.</summary>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    public TileFinding At(int tileRow, int tileColumn)
    {
        var start = Start(tileRow, tileColumn);
        return new TileFinding(tileRow, tileColumn, Tile, Math.Min(Tile, N - tileColumn * Tile), _rows.AsSpan(start, _words), _columns.AsSpan(start, _words));
    }

    private int Start(int tileRow, int tileColumn) => (tileRow * TileColumns + tileColumn) * _words;

    private bool IsSet(ulong[] bits, int tileRow, int tileColumn, int line) =>
        (bits[Start(tileRow, tileColumn) + (line >> 6)] >> (line & 63) & 1) != 0;

    /// <summary>Sets the bits of all lines.</summary>
    /// <returns>How many were not set before.</returns>
    private int SetAll(ulong[] bits, int tileRow, int tileColumn, int lines)
    {
        var more = lines;
        foreach (ref var word in bits.AsSpan(Start(tileRow, tileColumn), _words))
        {
            more -= BitOperations.PopCount(word);
            word = lines <= 0 ? 0 : lines >= 64 ? ulong.MaxValue : (1UL << lines) - 1;
            lines -= 64;
        }

        return more;
    }

    private bool Set(ulong[] bits, int tileRow, int tileColumn, int line)
    {
        ref var word = ref bits[Start(tileRow, tileColumn) + (line >> 6)];
        var before = word;
        word |= 1UL << (line & 63);
        return word != before;
    }
}
