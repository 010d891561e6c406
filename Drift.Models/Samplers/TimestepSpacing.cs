namespace Drift.Models;

/// <summary>The ranges that diffusers spaces timesteps by, in numpy's fp64 arithmetic (the spacings are Table 2 of arXiv 2305.08891).</summary>
internal static class TimestepSpacing
{
    /// <summary>The setting's name.</summary>
    public const string Setting = "timestep_spacing";

    /// <summary>The timesteps of a solver that steps from one trained timestep to another (DDIM, PNDM), the largest first.</summary>
    /// <param name="spacing">leading, linspace or trailing.</param>
    /// <param name="trained">Number of trained timesteps.</param>
    /// <param name="steps">Number of steps.</param>
    /// <param name="offset">Added to each under leading.</param>
    /// <exception cref="ArgumentOutOfRangeException">More steps than trained timesteps or less than one, or the offset leads beyond these.</exception>
    public static double[] OfTrained(string spacing, int trained, int steps, int offset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, trained);
        double[] timesteps = spacing switch
        {
            "linspace" => [.. Linspace(0, trained - 1, steps).Select(value => Math.Round(value)).Reverse()],
            "leading" => [.. Leading(steps, trained / steps, offset)],
            _ => [.. Trailing(trained, trained, steps)],
        };
        return timesteps[0] < trained ? timesteps
            : throw new ArgumentOutOfRangeException(nameof(steps), steps, $"with an offset of {offset} the first timestep would lie beyond the {trained} trained ones");
    }

    /// <summary>numpy.linspace: values at equal distances, the last one exact.</summary>
    /// <param name="first">First value.</param>
    /// <param name="last">Last value.</param>
    /// <param name="count">Number of values, at least 1; a single one is the first.</param>
    public static double[] Linspace(double first, double last, int count)
    {
        var values = new double[count];
        var step = (last - first) / (count - 1);
        for (var i = 0; i < count; i++)
            values[i] = i > 0 && i == count - 1 ? last : i == 0 ? first : i * step + first;
        return values;
    }

    /// <summary>Multiples of a ratio, from 0 on, moved by an offset; the largest first.</summary>
    /// <param name="count">Number of timesteps.</param>
    /// <param name="ratio">Distance of two.</param>
    /// <param name="offset">Added to each.</param>
    public static IEnumerable<double> Leading(int count, int ratio, int offset) =>
        Enumerable.Range(0, count).Select(i => (double)((long)i * ratio + offset)).Reverse();

    /// <summary>
    /// round(arange(end, 0, -trained / steps)) - 1 with numpy's arithmetic: its length is a ceiling, its increment the difference of the first two entries. So some
    /// step counts get one entry more, of timestep -1, which Python reads as the last.
    /// </summary>
    /// <param name="end">One more than the largest timestep.</param>
    /// <param name="trained">Number of trained timesteps.</param>
    /// <param name="steps">Number of steps.</param>
    public static IEnumerable<double> Trailing(int end, int trained, int steps)
    {
        var stride = (double)trained / steps;
        var increment = end - stride - end;
        return Enumerable.Range(0, (int)Math.Ceiling(end / stride)).Select(i => Math.Round(end + i * increment) - 1);
    }
}
