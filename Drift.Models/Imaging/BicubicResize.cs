namespace Drift.Models;

/// <summary>
/// Pictures of another size by cubic convolution (Keys 1981, a = -1/2), the window widened where a picture shrinks so that nothing aliases, row direction first and
/// rounded to 8 bits in between: Pillow's BICUBIC, which CLIP's pictures are prepared with.
/// </summary>
public static class BicubicResize
{
    private const double Support = 2;

    /// <summary>The picture at another size.</summary>
    /// <param name="picture">Any picture.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    public static Picture Apply(Picture picture, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        var channels = picture.Channels;
        var wide = width == picture.Width ? picture.Pixels : Lines(picture.Pixels, picture.Height, picture.Width, width, channels, picture.Width * channels, width * channels);
        var (pitch, tall) = (width * channels, wide);
        if (height != picture.Height)
        {
            tall = new byte[height * pitch];
            var windows = Windows(picture.Height, height);
            for (var row = 0; row < height; row++)
            {
                for (var at = 0; at < pitch; at++)
                    tall[row * pitch + at] = Sum(wide, windows[row], at, pitch);
            }
        }

        return new Picture(height, width, channels, tall);
    }

    private static byte[] Lines(byte[] pixels, int rows, int from, int to, int channels, int fromPitch, int toPitch)
    {
        var lines = new byte[rows * toPitch];
        var windows = Windows(from, to);
        for (var row = 0; row < rows; row++)
        {
            for (var at = 0; at < toPitch; at++)
                lines[row * toPitch + at] = Sum(pixels, windows[at / channels], row * fromPitch + at % channels, channels);
        }

        return lines;
    }

    private static byte Sum(byte[] pixels, (int First, double[] Weights) window, int start, int stride)
    {
        var sum = 0.0;
        for (var i = 0; i < window.Weights.Length; i++)
            sum += window.Weights[i] * pixels[start + (window.First + i) * stride];
        return (byte)Math.Clamp(Math.Floor(sum + 0.5), byte.MinValue, byte.MaxValue);
    }

    /// <summary>For each place of the new extent, where its window begins and what each place of the old one weighs; weights sum to 1.</summary>
    private static (int First, double[] Weights)[] Windows(int from, int to)
    {
        var scale = (double)from / to;
        var stretch = Math.Max(scale, 1);
        var windows = new (int, double[])[to];
        for (var i = 0; i < to; i++)
        {
            var centre = (i + 0.5) * scale;
            var first = Math.Max(0, (int)(centre - Support * stretch + 0.5));
            var last = Math.Min(from, (int)(centre + Support * stretch + 0.5));
            double[] weights = [.. Enumerable.Range(first, last - first).Select(place => Cubic((place - centre + 0.5) / stretch))];
            var sum = weights.Sum();
            windows[i] = (first, [.. weights.Select(weight => weight / sum)]);
        }

        return windows;
    }

    private static double Cubic(double x)
    {
        const double A = -0.5;
        x = Math.Abs(x);
        return x < 1 ? ((A + 2) * x - (A + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
    }
}
