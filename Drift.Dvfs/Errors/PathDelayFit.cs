using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;

namespace Drift.Dvfs;

/// <summary>A path-delay model fitted to a table of operating points.</summary>
/// <param name="Model">The model.</param>
/// <param name="Decades">Root mean square of log10(model / table) over the table's positive rates: how far off it typically is.</param>
/// <param name="Points">How many rates it was fitted to.</param>
public sealed record PathDelayFit(PathDelay Model, double Decades, int Points)
{
    private const double Tolerance = 1e-9;
    private const int Iterations = 20_000;
    private const double Nanosecond = 1e-9;

    /// <summary>Missing a rate altogether counts as this many decades.</summary>
    private const double Missed = 6;

    /// <summary>
    /// Fits the model to the points with a positive rate, by least squares in the logarithm, with MathNet's simplex search: the rates span six decades, and a kink sits where the
    /// longest chain first fails. A rate above 0 at a safe point counts as well.
    /// </summary>
    /// <param name="path">A file of operating points, on the nominal lines or not, with rates per element.</param>
    /// <param name="extrapolate">True for a model that goes on past the table's ends; such rates are marked.</param>
    /// <exception cref="InvalidDataException">The file is no such table, its rates are not per element, or all of them are 0.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static PathDelayFit To(string path, bool extrapolate = false)
    {
        var points = OperatingPoints.Load(path, onLines: false);
        if (points.Unit != RateUnit.PerElement)
            throw new InvalidDataException($"{path}, line 1: expected rate_per_element, which the path-delay model is fitted to");
        var positive = points.Rows.Where(row => row.Rate > 0).ToList();
        if (positive.Count == 0)
            throw new InvalidDataException($"{path}: expected a rate above 0 at one of its {points.Rows.Count} points, which the path-delay model is fitted to");
        var lowest = points.Rows.Min(row => row.Point.Voltage.Value);
        var start = Vector<double>.Build.Dense([0.35 / lowest, 1.3, .1, .0115, Math.Log(.06), .7, .5]);
        var best = new NelderMeadSimplex(Tolerance, Iterations).FindMinimum(ObjectiveFunction.Value(x => Misfit(Unfold(x, lowest), points.Rows)), start);
        var model = Unfold(best.MinimizingPoint, lowest) with { Fitted = FittedRange.Of(points.Rows.Select(row => row.Point)), Extrapolates = extrapolate };
        return new PathDelayFit(model, Math.Sqrt(positive.Average(row => Square(Off(model, row)))), positive.Count);
    }

    /// <summary>Parameters as the search moves them, folded back into the ranges that mean something.</summary>
    private static PathDelay Unfold(Vector<double> x, double lowestVoltage) => new(
        new Volts(lowestVoltage * Math.Clamp(x[0], 0.05, 0.98)), Math.Clamp(x[1], 0.5, 3), new Seconds(x[2] * Nanosecond),
        new Seconds(Math.Max(1e-4, Math.Abs(x[3])) * Nanosecond), Math.Exp(Math.Min(0, x[4])), Math.Clamp(x[5], 0.01, 0.9999), Math.Max(1e-2, Math.Abs(x[6])));

    private static double Misfit(PathDelay model, IReadOnlyList<(OperatingPoint Point, double Rate)> rows) => rows.Sum(row => Square(Off(model, row)));

    private static double Off(PathDelay model, (OperatingPoint Point, double Rate) row)
    {
        var rate = model.Find(row.Point)?.Value ?? 0;
        return (rate > 0, row.Rate > 0) switch
        {
            (true, true) => Math.Log10(rate / row.Rate),
            (false, false) => 0,
            _ => Missed,
        };
    }

    private static double Square(double x) => x * x;
}
