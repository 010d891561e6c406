namespace Drift.Models;

/// <summary>Peak signal-to-noise ratio of 8-bit pictures.</summary>
public static class Psnr
{
    private const double Peak = 255;

    /// <summary>10 log10(255^2 / mean squared difference) in dB; positive infinity for equal pictures.</summary>
    /// <param name="a">A picture.</param>
    /// <param name="b">Another of the same size and channels.</param>
    /// <exception cref="ArgumentException">Sizes or channels differ.</exception>
    public static double Between(Picture a, Picture b) => 10 * Math.Log10(Peak * Peak / MeanSquaredError(a, b));

    /// <summary>Mean of the squared differences over all samples, on values 0..255.</summary>
    /// <param name="a">A picture.</param>
    /// <param name="b">Another of the same size and channels.</param>
    /// <exception cref="ArgumentException">Sizes or channels differ.</exception>
    public static double MeanSquaredError(Picture a, Picture b)
    {
        RequireSameForm(a, b);
        long sum = 0;
        for (var i = 0; i < a.Pixels.Length; i++)
        {
            var difference = a.Pixels[i] - b.Pixels[i];
            sum += difference * difference;
        }

        return (double)sum / a.Pixels.Length;
    }

    internal static void RequireSameForm(Picture a, Picture b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if ((a.Height, a.Width, a.Channels) != (b.Height, b.Width, b.Channels))
            throw new ArgumentException($"pictures differ in form: {a.Height} x {a.Width} x {a.Channels} and {b.Height} x {b.Width} x {b.Channels}", nameof(b));
    }
}
