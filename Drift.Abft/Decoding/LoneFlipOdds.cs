using System.Numerics;
using System.Runtime.Intrinsics;

namespace Drift.Abft;

/// <summary>The odds that a lone flip of an explanation is none, and three others stand at the other corners of a rectangle: of all rectangles of the tile together, sixteen at a time.</summary>
internal sealed class LoneFlipOdds
{
    private const int Edge = Hypothesis.LargestTile;
    private static readonly int Lanes = Vector512<int>.Count;

    // Odds of the rectangle with each crossing, and by row the columns in which they are not 0.
    private readonly float[] _odds = new float[Edge * Edge];
    private readonly ulong[] _crossings = new ulong[Edge];

    // How much likelier each element of the flip's own row is when it has been hit, and whether it may have been.
    private readonly float[] _inRow = new float[Edge];
    private ulong _mayInRow;

    /// <summary>The rows of the tile to condemn.</summary>
    public ulong Rows { get; private set; }

    /// <summary>The columns of the tile to condemn.</summary>
    public ulong Columns { get; private set; }

    /// <summary>Weighs all rectangles of a flip.</summary>
    /// <param name="explained">The tile.</param>
    /// <param name="flip">The flip.</param>
    /// <returns>Whether they come to <see cref="RectangleCheck.Doubtful"/>: then rows and columns are those of the rectangles that count.</returns>
    public bool AreDoubtful(in ExplainedTile explained, Placement flip)
    {
        ref readonly var tile = ref explained.Tile;
        var own = explained.Corner(flip.Row, flip.Column);
        if (!own.May(0))
            return false;
        var change = own.Change;
        WeighOwnRow(tile, flip.Row, change);
        var without = own.Ratio(0, tile.Depth);
        var takenInRow = explained.TakenBack(flip.Row);
        float total = 0;
        for (var row = 0; row < tile.Height; row++)
        {
            _crossings[row] = 0;
            if (row == flip.Row)
                continue;
            var taken = explained.TakenBack(row);
            // Where the explanation takes back something more, or lanes are left over, one by one.
            var others = (taken | takenInRow) & tile.AllColumns;
            if ((taken >> flip.Column & 1) != 0)
            {
                others = tile.AllColumns;
            }
            else
            {
                others |= tile.AllColumns & ~WholeLanes(tile);
                var inColumn = new Corner(tile[row, flip.Column], 0, tile.Bound(row, flip.Column), true);
                if (!inColumn.May(change))
                    continue;
                WeighRow(tile, row, change, inColumn.Ratio(change, tile.Depth), without, _mayInRow & ~others);
            }

            for (others &= ~(1UL << flip.Column); others != 0; others &= others - 1)
            {
                var column = BitOperations.TrailingZeroCount(others);
                var odds = _odds[row * Edge + column] = explained.Rectangle(flip, row, column).Odds(-change);
                _crossings[row] |= odds != 0 ? 1UL << column : 0;
            }

            _crossings[row] &= ~(1UL << flip.Column);
            for (var columns = _crossings[row]; columns != 0; columns &= columns - 1)
                total += _odds[row * Edge + BitOperations.TrailingZeroCount(columns)];
        }

        return total >= RectangleCheck.Doubtful && Condemn(flip, tile.Height, total / 100);
    }

    /// <summary>The columns that fill whole vectors.</summary>
    private static ulong WholeLanes(in SuspectTile tile) => tile.Width < Lanes ? 0 : ulong.MaxValue >> (64 - tile.Width / Lanes * Lanes);

    /// <summary>Condemns the rectangles with no less than a hundredth of all odds.</summary>
    private bool Condemn(Placement flip, int height, float least)
    {
        (Rows, Columns) = (0, 0);
        for (var row = 0; row < height; row++)
        {
            for (var columns = _crossings[row]; columns != 0; columns &= columns - 1)
            {
                var column = BitOperations.TrailingZeroCount(columns);
                if (_odds[row * Edge + column] < least)
                    continue;
                Rows |= 1UL << flip.Row | 1UL << row;
                Columns |= 1UL << flip.Column | 1UL << column;
            }
        }

        return Rows != 0;
    }

    private void WeighOwnRow(in SuspectTile tile, int row, int change)
    {
        _mayInRow = 0;
        for (var column = 0; column <= tile.Width - Lanes; column += Lanes)
        {
            var may = Ratios(tile, row, column, change, out var ratios);
            ratios.CopyTo(_inRow, column);
            _mayInRow |= may << column;
        }
    }

    /// <summary>The crossings of a row in which nothing else was taken back: its other three corners would have been hit.</summary>
    private void WeighRow(in SuspectTile tile, int row, int change, float inColumn, float without, ulong columns)
    {
        var more = Vector512.Create(MathF.Pow(RectangleCheck.OneMore, 2));
        for (var column = 0; column <= tile.Width - Lanes; column += Lanes)
        {
            var may = Ratios(tile, row, column, -change, out var opposite) & columns >> column & 0xFFFF;
            if (may == 0)
                continue;
            _crossings[row] |= may << column;
            var ratio = Vector512.Create(_inRow, column) * inColumn * opposite * without;
            (ratio * ratio * Vector512.Sqrt(ratio) * more).CopyTo(_odds, row * Edge + column);
        }
    }

    /// <summary>Sixteen times <see cref="Corner.May"/> and <see cref="Corner.Ratio"/>, where nothing was taken back before.</summary>
    private static ulong Ratios(in SuspectTile tile, int row, int column, int changed, out Vector512<float> ratios)
    {
        var (values, bounds) = (tile.Values(row, column), tile.Bounds(row, column));
        var clean = values - Vector512.Create(changed);
        var may = Vector512.Equals(values ^ clean, Vector512.Create(Math.Abs(changed))) & Vector512.LessThanOrEqual(Vector512.Abs(Vector512.ConvertToSingle(clean)), bounds).AsInt32();
        ratios = Evidence.Ratios(values, clean, bounds, tile.Depth);
        return may.ExtractMostSignificantBits();
    }
}
