using System.Numerics;

namespace Drift.Abft;

/// <summary>A corner of a rectangle.</summary>
/// <param name="Accumulator">What stands there.</param>
/// <param name="Change">What the explanation takes back from it.</param>
/// <param name="Bound">What no right accumulator exceeds.</param>
/// <param name="IsKnown">False where the explanation leaves it open.</param>
internal readonly record struct Corner(int Accumulator, int Change, float Bound, bool IsKnown)
{
    /// <summary>Whether <paramref name="changed"/> may be taken back instead: one flip at most, which the accumulator's bit must show, and a clean value within its bound.</summary>
    public bool May(int changed) => IsKnown
        && (changed == 0 || (BitOperations.IsPow2(Math.Abs((long)changed)) && (Accumulator ^ Accumulator - changed) == Math.Abs((long)changed)))
        && MathF.Abs(Accumulator - changed) <= Bound;

    /// <summary>How much likelier the clean value is when <paramref name="changed"/> is taken back.</summary>
    public float Ratio(int changed, int depth) => Evidence.Ratio(Accumulator - Change, Accumulator - changed, Bound, depth);

    /// <summary>Flips that it takes more.</summary>
    public int More(int changed) => (changed != 0 ? 1 : 0) - (Change != 0 ? 1 : 0);
}

/// <summary>Four elements of a tile, of which one, <paramref name="Own"/>, has a flip in the explanation.</summary>
/// <param name="Own">The corner with the flip.</param>
/// <param name="InRow">Its neighbour in its row.</param>
/// <param name="InColumn">Its neighbour in its column.</param>
/// <param name="Opposite">The fourth.</param>
/// <param name="Depth">K.</param>
internal readonly record struct Rectangle(Corner Own, Corner InRow, Corner InColumn, Corner Opposite, int Depth)
{
    /// <summary>The odds of the explanation that takes back <paramref name="shift"/> more at two opposite corners and less at the two others; 0 where that is none.</summary>
    public float Odds(int shift)
    {
        int own = Own.Change + shift, inRow = InRow.Change - shift, inColumn = InColumn.Change - shift, opposite = Opposite.Change + shift;
        if (!InRow.May(inRow) || !InColumn.May(inColumn) || !Opposite.May(opposite) || !Own.May(own))
            return 0;
        var ratio = InRow.Ratio(inRow, Depth) * InColumn.Ratio(inColumn, Depth) * Opposite.Ratio(opposite, Depth) * Own.Ratio(own, Depth);
        return Evidence.Odds(ratio) * MathF.Pow(RectangleCheck.OneMore, InRow.More(inRow) + InColumn.More(inColumn) + Opposite.More(opposite) + Own.More(own));
    }
}
