using System.Numerics;

namespace Drift.Bench;

/// <summary>One output of a case, compared.</summary>
/// <param name="Output">Its name in the case's file.</param>
/// <param name="Error">Largest error, in the unit of the tolerance; infinite where the forms differ or a value is no number.</param>
/// <param name="Tolerance">Largest error allowed.</param>
/// <param name="Supported">False where Drift has no such thing yet; the output then neither passes nor fails.</param>
internal sealed record OutputCheck(string Output, double Error, double Tolerance, bool Supported = true)
{
    /// <summary>True when the error is within the tolerance.</summary>
    public bool Ok => Error <= Tolerance;

    /// <summary>An output that Drift has no counterpart of yet.</summary>
    public static OutputCheck NotYet(string output) => new(output, 0, 0, false);

    /// <summary>Integers, which must be equal: the error is the largest difference.</summary>
    public static OutputCheck Exact<T>(string output, ReadOnlySpan<T> ours, ReadOnlySpan<T> expected)
        where T : INumber<T>
    {
        var error = ours.Length == expected.Length ? 0 : double.PositiveInfinity;
        for (var i = 0; i < Math.Min(ours.Length, expected.Length); i++)
            error = Math.Max(error, Math.Abs(double.CreateChecked(ours[i]) - double.CreateChecked(expected[i])));
        return new OutputCheck(output, error, 0);
    }

    /// <summary>Numbers, each against its own size; against 1 where 0 is expected.</summary>
    public static OutputCheck Relative(string output, ReadOnlySpan<float> ours, ReadOnlySpan<float> expected, double tolerance) =>
        new(output, Largest(ours, expected, static (difference, size) => size == 0 ? difference : difference / size), tolerance);

    /// <summary>One number against its own size; equal infinities agree.</summary>
    public static OutputCheck Relative(string output, double ours, double expected, double tolerance) => new(output,
        ours == expected ? 0 : OrInfinite(Math.Abs(ours - expected) / (expected == 0 ? 1 : Math.Abs(expected))), tolerance);

    /// <summary>One number as it is.</summary>
    public static OutputCheck Absolute(string output, double ours, double expected, double tolerance) =>
        new(output, OrInfinite(Math.Abs(ours - expected)), tolerance);

    /// <summary>A tensor: the largest difference over the largest absolute value expected.</summary>
    public static OutputCheck OfLargest(string output, ReadOnlySpan<float> ours, ReadOnlySpan<float> expected, double tolerance)
    {
        double largest = 0;
        foreach (var value in expected)
            largest = Math.Max(largest, Math.Abs(value));
        var scale = largest == 0 ? 1 : largest;
        return new OutputCheck(output, OrInfinite(Largest(ours, expected, static (difference, _) => difference) / scale), tolerance);
    }

    private static double Largest(ReadOnlySpan<float> ours, ReadOnlySpan<float> expected, Func<double, double, double> error)
    {
        if (ours.Length != expected.Length)
            return double.PositiveInfinity;
        double largest = 0;
        for (var i = 0; i < ours.Length; i++)
            largest = Math.Max(largest, OrInfinite(error(Math.Abs((double)ours[i] - expected[i]), Math.Abs(expected[i]))));
        return largest;
    }

    private static double OrInfinite(double error) => double.IsNaN(error) ? double.PositiveInfinity : error;
}
