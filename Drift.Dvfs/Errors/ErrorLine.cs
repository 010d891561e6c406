namespace Drift.Dvfs;

/// <summary>
/// Rates along one axis, points ascending. Between two positive rates the logarithm is interpolated; from the last positive point to the first safe one,
/// whose rate is 0, the rate itself (that reproduces the paper's entry of 1e-6 at 0.8444 V, between 8.06e-6 at 0.84 V and 0 at 0.845 V).
/// </summary>
internal sealed class ErrorLine(IReadOnlyList<(double At, double Rate)> points)
{
    /// <summary>The first point.</summary>
    public double Smallest => points.Count > 0 ? points[0].At : double.NaN;

    /// <summary>The last point.</summary>
    public double Largest => points.Count > 0 ? points[^1].At : double.NaN;

    /// <summary>The rate at a place, or null outside the points; a table's own points come back exactly.</summary>
    public double? Rate(double at)
    {
        if (!(at >= Smallest && at <= Largest))
            return null;
        var right = 0;
        while (points[right].At < at)
            right++;
        var (x1, r1) = points[right];
        if (x1 == at)
            return r1;
        var (x0, r0) = points[right - 1];
        var part = (at - x0) / (x1 - x0);
        return r0 > 0 && r1 > 0 ? r0 * Math.Pow(r1 / r0, part) : r0 + (r1 - r0) * part;
    }
}
