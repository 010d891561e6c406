using System.Numerics;

namespace Drift.Abft;

/// <summary>
/// Doubts about an explanation of plain sums. Two explanations of the same sums differ by rectangles: a change d of what is taken back at one corner, -d at the next, d, -d. <see cref="PlaneSearch"/> ends with the fewest flips
/// and never gives a plane more than its odd lines need; what it leaves out so are the rectangles around its own flips. Those are weighed here by their number of flips and by how likely the four clean values are. Where the others are
/// together not unlikely enough, all four corners are condemned.
/// </summary>
/// <remarks>Moments tell the corners of a rectangle apart, and need none of this.</remarks>
internal sealed class RectangleCheck
{
    /// <summary>Odds of one flip more: those of a given bit and place at the paper's 0.675 V, 3.2e-3 / 31.</summary>
    private const float OneMore = 1e-4f;

    /// <summary>Odds of all other explanations of a rectangle from which on it is condemned.</summary>
    private const float Doubtful = 2e-4f;

    /// <summary>By how much a lone flip's value must be likelier as it is than without the flip, as a ratio of <see cref="Evidence.Ratio"/>, before its rectangles are looked at: below that three flips in its place are too unlikely.</summary>
    private const float Suspicious = 3;

    /// <summary>The highest bit whose double is still a bit of 0..30.</summary>
    private const int HighestBit = 29;

    private readonly float[] _odds = new float[Hypothesis.LargestTile * Hypothesis.LargestTile];
    private ulong _occupiedRows;
    private ulong _occupiedColumns;

    /// <summary>The rows of the tile to condemn.</summary>
    public ulong Rows { get; private set; }

    /// <summary>The columns of the tile to condemn.</summary>
    public ulong Columns { get; private set; }

    /// <summary>Looks through the rectangles of an explanation's flips.</summary>
    /// <param name="tile">The accumulators.</param>
    /// <param name="placed">The explanation. Flips that are condemned with their rectangle are certain no more.</param>
    /// <param name="lowestBit">Bits below it do too little harm to be looked at.</param>
    /// <returns>Whether there is something to condemn.</returns>
    public bool Doubts(in SuspectTile tile, Span<Placement> placed, int lowestBit)
    {
        (Rows, Columns, _occupiedRows, _occupiedColumns) = (0, 0, 0, 0);
        ulong open = 0;
        for (var i = 0; i < placed.Length; i++)
        {
            var (row, column, bit, certain) = placed[i];
            _occupiedRows |= 1UL << row;
            _occupiedColumns |= 1UL << column;
            // Beyond its bound an accumulator is wrong for certain.
            if (i < 64 && certain && bit >= lowestBit && bit <= HighestBit && !tile.IsBeyondBound(row, column))
                open |= 1UL << i;
        }

        for (; open != 0; open &= open - 1)
        {
            var own = placed[BitOperations.TrailingZeroCount(open)];
            if (Evidence.Ratio(Clean(tile, own), tile[own.Row, own.Column], tile.Bound(own.Row, own.Column), tile.Depth) > Suspicious)
                Weigh(tile, placed, own, 0..tile.Height, 0..tile.Width, isAlone: true);
            for (var others = open & (open - 1); others != 0; others &= others - 1)
            {
                var other = placed[BitOperations.TrailingZeroCount(others)];
                // Two on a side share it with thirty rectangles: condemning all those costs whole runs more than what escapes there.
                if (own.Row != other.Row && own.Column != other.Column && Math.Abs(own.Bit - other.Bit) <= 1)
                    WeighPair(tile, placed, own.Bit <= other.Bit ? own : other, own.Bit <= other.Bit ? other : own);
            }
        }

        for (var i = 0; Rows != 0 && i < placed.Length; i++)
        {
            if ((Rows >> placed[i].Row & Columns >> placed[i].Column & 1) != 0)
                placed[i] = placed[i] with { Certain = false };
        }

        return Rows != 0;
    }

    /// <summary>Two flips of a bit, or of neighbours, at opposite corners span one rectangle.</summary>
    private void WeighPair(in SuspectTile tile, ReadOnlySpan<Placement> placed, Placement low, Placement high) =>
        Weigh(tile, placed, low, high.Row..(high.Row + 1), high.Column..(high.Column + 1), isAlone: false);

    /// <summary>Weighs the rectangles between a flip and all crossings of some rows and columns.</summary>
    private void Weigh(in SuspectTile tile, ReadOnlySpan<Placement> placed, Placement corner, Range rows, Range columns, bool isAlone)
    {
        int change = tile[corner.Row, corner.Column] - Clean(tile, corner), width = tile.Width;
        // Not taken back; a bit higher; a bit lower. Nothing else leaves each of the four corners with one flip at most.
        ReadOnlySpan<int> shifts = isAlone ? [-change] : [-change, change, -change / 2];
        float total = 0;
        for (var row = rows.Start.Value; row < rows.End.Value; row++)
        {
            for (var column = columns.Start.Value; column < columns.End.Value; column++)
            {
                ref var odds = ref _odds[row * width + column];
                odds = 0;
                if (row == corner.Row || column == corner.Column)
                    continue;
                foreach (var shift in shifts)
                    odds += shift == 0 ? 0 : Odds(tile, placed, corner, row, column, shift);
                total += odds;
            }
        }

        if (total < Doubtful)
            return;
        for (var row = rows.Start.Value; row < rows.End.Value; row++)
        {
            for (var column = columns.Start.Value; column < columns.End.Value; column++)
            {
                if (_odds[row * width + column] < total / 100)
                    continue;
                Rows |= 1UL << corner.Row | 1UL << row;
                Columns |= 1UL << corner.Column | 1UL << column;
            }
        }
    }

    /// <summary>The odds of the explanation that takes back <paramref name="shift"/> more at two opposite corners and less at the two others; 0 where that is none.</summary>
    private float Odds(in SuspectTile tile, ReadOnlySpan<Placement> placed, Placement corner, int row, int column, int shift)
    {
        var more = 0;
        // The corners that most often rule it out come first.
        var ratio = Corner(tile, placed, corner.Row, column, -shift, ref more);
        if (ratio != 0)
            ratio *= Corner(tile, placed, row, corner.Column, -shift, ref more);
        if (ratio != 0)
            ratio *= Corner(tile, placed, row, column, shift, ref more);
        if (ratio != 0)
            ratio *= Corner(tile, placed, corner.Row, corner.Column, shift, ref more);
        return ratio == 0 ? 0 : Evidence.Odds(ratio) * MathF.Pow(OneMore, more);
    }

    /// <summary>How much likelier a corner's clean value is when more is taken back; 0 where it cannot be. Counts the flips that it takes more.</summary>
    private float Corner(in SuspectTile tile, ReadOnlySpan<Placement> placed, int row, int column, int shift, ref int more)
    {
        var (accumulator, change) = (tile[row, column], 0);
        if ((_occupiedRows >> row & _occupiedColumns >> column & 1) != 0)
        {
            foreach (var own in placed)
            {
                if ((own.Row, own.Column) != (row, column))
                    continue;
                if (!own.Certain)
                    return 0;
                change = accumulator - Clean(tile, own);
            }
        }

        var changed = change + shift;
        // One flip at most, which the accumulator's bit must show, and a clean value within its bound.
        if (changed != 0 && (!BitOperations.IsPow2(Math.Abs((long)changed)) || (accumulator ^ accumulator - changed) != Math.Abs((long)changed)))
            return 0;
        var bound = tile.Bound(row, column);
        if (MathF.Abs(accumulator - changed) > bound)
            return 0;
        more += (changed != 0 ? 1 : 0) - (change != 0 ? 1 : 0);
        return Evidence.Ratio(accumulator - change, accumulator - changed, bound, tile.Depth);
    }

    private static int Clean(in SuspectTile tile, Placement placed) => tile[placed.Row, placed.Column] ^ (1 << placed.Bit);
}
