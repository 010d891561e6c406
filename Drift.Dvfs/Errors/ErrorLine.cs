namespace Drift.Dvfs;

/// <summary>
/// Rates along one axis, points ascending. Between two positive rates the logarithm is interpolated; from the last positive point to the first safe one,
/// whose rate is 0, the rate itself (that reproduces the paper's entry of 1e-6 at 0.8444 V, between 8.06e-6 at 0.84 V and 0 at 0.845 V).
/// </summary>
internal sealed class ErrorLine(IReadOnlyList<(double At, double Rate)> points)
{
    /// <summary>The points.</summary>
    public IReadOnlyList<(double At, double Rate)> Points => points;

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
        return points[right].At == at ? points[right].Rate : Between(points[right - 1], points[right], at);
    }

    /// <summary>The rate past an end: the slope of the two points next to it goes on, as far as 1; past a safe end all is safe.</summary>
    public double? Extrapolated(double at)
    {
        if (points.Count < 2 || double.IsNaN(at))
            return null;
        var (inner, end) = at < Smallest ? (points[1], points[0]) : (points[^2], points[^1]);
        return end.Rate == 0 || inner.Rate == 0 ? end.Rate : Math.Min(1, Between(inner, end, at));
    }

    /// <summary>The first place with a rate; null where none has it.</summary>
    public double? Place(double rate)
    {
        for (var i = 0; i < points.Count; i++)
        {
            var (x1, r1) = points[i];
            if (r1 == rate)
                return x1;
            if (i == 0 || (points[i - 1].Rate < rate) == (r1 < rate))
                continue;
            var (x0, r0) = points[i - 1];
            return x0 + (x1 - x0) * (r0 > 0 && r1 > 0 ? Math.Log(rate / r0) / Math.Log(r1 / r0) : (rate - r0) / (r1 - r0));
        }

        return null;
    }

    private static double Between((double At, double Rate) a, (double At, double Rate) b, double at)
    {
        var part = (at - a.At) / (b.At - a.At);
        return a.Rate > 0 && b.Rate > 0 ? a.Rate * Math.Pow(b.Rate / a.Rate, part) : a.Rate + (b.Rate - a.Rate) * part;
    }
}
