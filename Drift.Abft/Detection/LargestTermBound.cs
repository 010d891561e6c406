namespace Drift.Abft;

/// <summary>
/// After A-ABFT (Braun, Halder and Wunderlich 2014): three standard deviations of the rounding error of a sum whose terms are all as large as the largest possible one, y. A partial sum of p terms is at most p y;
/// with mantissas distributed as in Barlow and Bareiss (1985) the variance of K of them is u^2 y^2 (K (K + 1) (K + 1/2) + 2 K) / 24.
/// </summary>
public sealed class LargestTermBound : IRoundingBound
{
    private const double Confidence = 3;

    /// <inheritdoc/>
    public double Of(in CheckedLine line)
    {
        double depth = line.Depth, length = line.Length, tiny = line.Format.HalfSubnormal;
        var share = line.Format.UnitRoundoff * Math.Sqrt((depth * (depth + 1) * (depth + .5) + 2 * depth) / 24);
        double expected = share * line.Own.Largest * line.Summed.Largest, elements = share * line.Own.Largest * line.Others.Largest;
        return Confidence * Math.Sqrt(expected * expected + length * elements * elements + 2 * depth * length * tiny * tiny);
    }
}
