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
    public const float OneMore = 1e-4f;

    /// <summary>Odds of all other explanations of a rectangle from which on it is condemned.</summary>
    public const float Doubtful = 2e-4f;

    /// <summary>By how much a lone flip's value must be likelier as it is than without the flip, as a ratio of <see cref="Evidence.Ratio"/>, before its rectangles are looked at: below that three flips in its place are too unlikely.</summary>
    public const float Suspicious = 3;

    /// <summary>The highest bit whose double is still a bit of 0..30.</summary>
    private const int HighestBit = 29;

    private readonly LoneFlipOdds _lone = new();
    private readonly ulong[] _takenBack = new ulong[Hypothesis.LargestTile];

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
        (Rows, Columns) = (0, 0);
        var explanation = new ExplainedTile(tile, placed, _takenBack);
        ulong open = 0;
        for (var i = 0; i < Math.Min(64, placed.Length); i++)
        {
            var (row, column, bit, certain) = placed[i];
            // Beyond its bound an accumulator is wrong for certain.
            if (certain && bit >= lowestBit && bit <= HighestBit && !tile.IsBeyondBound(row, column))
                open |= 1UL << i;
        }

        for (; open != 0; open &= open - 1)
        {
            var own = placed[BitOperations.TrailingZeroCount(open)];
            if (explanation.RatioWithout(own) > Suspicious && _lone.AreDoubtful(explanation, own))
                (Rows, Columns) = (Rows | _lone.Rows, Columns | _lone.Columns);
            for (var others = open & (open - 1); others != 0; others &= others - 1)
            {
                var other = placed[BitOperations.TrailingZeroCount(others)];
                // Two on a side share it with thirty rectangles: condemning all those costs whole runs more than what escapes there.
                if (Math.Abs(own.Bit - other.Bit) <= 1 && own.Row != other.Row && own.Column != other.Column)
                    WeighPair(explanation, own.Bit <= other.Bit ? own : other, own.Bit <= other.Bit ? other : own);
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
    private void WeighPair(in ExplainedTile tile, Placement low, Placement high)
    {
        var rectangle = tile.Rectangle(low, high.Row, high.Column);
        var change = rectangle.Own.Change;
        // Not taken back; a bit higher; a bit lower. Nothing else leaves each of the four corners with one flip at most.
        var total = rectangle.Odds(-change) + rectangle.Odds(change);
        if (low.Bit > 0)
            total += rectangle.Odds(-change / 2);
        if (total < Doubtful)
            return;
        Rows |= 1UL << low.Row | 1UL << high.Row;
        Columns |= 1UL << low.Column | 1UL << high.Column;
    }
}
