using System.Numerics;
using System.Runtime.CompilerServices;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// The deviations of a tile's lines, filed by their lowest bit: the odd lines of the lowest plane are then two words, whatever the tile's edge, and a line whose flip is taken back moves to the plane of what it
/// still shows.
/// </summary>
internal sealed class TileLines
{
    private readonly int[] _rows = new int[Hypothesis.LargestTile], _columns = new int[Hypothesis.LargestTile];
    private readonly ulong[] _rowsAt = new ulong[32], _columnsAt = new ulong[32];

    // One bit for each plane that may hold lines.
    private uint _planes;

    /// <summary>Takes the lines that deviate.</summary>
    /// <param name="sums">Deviations of all lines of the product.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="rows">Its rows that deviate.</param>
    /// <param name="columns">Its columns that deviate.</param>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    public void Load(LineSums sums, in SuspectTile tile, ulong rows, ulong columns, int tileRow, int tileColumn)
    {
        _planes = 0;
        _rowsAt.AsSpan().Clear();
        _columnsAt.AsSpan().Clear();
        var across = sums.TileColumns;
        ReadOnlySpan<int> ownRows = sums.Rows[(tile.FirstRow * across + tileColumn)..], ownColumns = sums.Columns.Slice(tileRow * sums.N + tile.FirstColumn, tile.Width);
        for (; rows != 0; rows &= rows - 1)
        {
            var row = BitOperations.TrailingZeroCount(rows);
            File(_rows, _rowsAt, row, ownRows[row * across]);
        }

        for (; columns != 0; columns &= columns - 1)
        {
            var column = BitOperations.TrailingZeroCount(columns);
            File(_columns, _columnsAt, column, ownColumns[column]);
        }
    }

    /// <summary>The lowest bit in which a line deviates; 32 for none.</summary>
    public int LowestPlane
    {
        get
        {
            for (; _planes != 0; _planes &= _planes - 1)
            {
                var plane = BitOperations.TrailingZeroCount(_planes);
                if ((_rowsAt[plane] | _columnsAt[plane]) != 0)
                    return plane;
            }

            return 32;
        }
    }

    /// <summary>The rows that are odd in a plane, the lowest one.</summary>
    public ulong OddRows(int plane) => _rowsAt[plane];

    /// <summary>The columns that are odd in a plane, the lowest one.</summary>
    public ulong OddColumns(int plane) => _columnsAt[plane];

    /// <summary>What a row deviates by.</summary>
    public int Row(int row) => _rows[row];

    /// <summary>What a column deviates by.</summary>
    public int Column(int column) => _columns[column];

    /// <summary>The fewest flips that the rows and that the columns need.</summary>
    public (int Rows, int Columns) Need
    {
        get
        {
            var (rows, columns) = (0, 0);
            for (var planes = _planes; planes != 0; planes &= planes - 1)
            {
                var plane = BitOperations.TrailingZeroCount(planes);
                rows += Weigh(_rows, _rowsAt[plane]);
                columns += Weigh(_columns, _columnsAt[plane]);
            }

            return (rows, columns);
        }
    }

    /// <summary>Takes a change back from a row.</summary>
    public void ShiftRow(int row, int change) => Shift(_rows, _rowsAt, row, change);

    /// <summary>Takes a change back from a column.</summary>
    public void ShiftColumn(int column, int change) => Shift(_columns, _columnsAt, column, change);

    private void Shift(int[] lines, ulong[] at, int line, int change)
    {
        // A line that deviates by nothing is filed nowhere.
        at[BitOperations.TrailingZeroCount(lines[line]) & 31] &= ~(1UL << line);
        File(lines, at, line, lines[line] - change);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void File(int[] lines, ulong[] at, int line, int deviation)
    {
        lines[line] = deviation;
        if (deviation == 0)
            return;
        var plane = BitOperations.TrailingZeroCount(deviation);
        at[plane] |= 1UL << line;
        _planes |= 1u << plane;
    }

    private static int Weigh(int[] lines, ulong open)
    {
        var need = 0;
        for (; open != 0; open &= open - 1)
            need += LineWeight.Of(lines[BitOperations.TrailingZeroCount(open)]);
        return need;
    }
}
