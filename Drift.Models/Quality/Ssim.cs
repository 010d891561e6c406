namespace Drift.Models;

/// <summary>
/// Structural similarity (Wang et al., 2004) of 8-bit pictures in double precision, as scikit-image computes it: only windows that lie whole inside the
/// picture count, and channels are averaged.
/// </summary>
public static class Ssim
{
    /// <summary>Smallest height and width of a picture that the Gaussian window fits into.</summary>
    public const int SmallestEdge = 11;

    private const double Peak = 255, C1 = 0.01 * Peak * (0.01 * Peak), C2 = 0.03 * Peak * (0.03 * Peak);

    /// <summary>The Gaussian window: 11 x 11, sigma 1.5, population covariance. This is the SSIM of the tables.</summary>
    /// <param name="a">A picture.</param>
    /// <param name="b">Another of the same size and channels.</param>
    /// <exception cref="ArgumentException">Sizes or channels differ, or an edge is shorter than 11.</exception>
    public static double Gaussian(Picture a, Picture b) => Mean(a, b, GaussianWindow(), 1);

    /// <summary>scikit-image's default window: a box of 7 x 7, sample covariance.</summary>
    /// <param name="a">A picture.</param>
    /// <param name="b">Another of the same size and channels.</param>
    /// <exception cref="ArgumentException">Sizes or channels differ, or an edge is shorter than 7.</exception>
    public static double Uniform(Picture a, Picture b) => Mean(a, b, [.. Enumerable.Repeat(1.0 / 7, 7)], 49.0 / 48);

    /// <summary>The weights of the Gaussian window along one axis; their sum is 1.</summary>
    internal static double[] GaussianWindow()
    {
        const int radius = SmallestEdge / 2;
        const double sigma = 1.5;
        var window = new double[2 * radius + 1];
        for (var i = 0; i < window.Length; i++)
            window[i] = Math.Exp(-0.5 * (i - radius) * (i - radius) / (sigma * sigma));
        var sum = window.Sum();
        return [.. window.Select(weight => weight / sum)];
    }

    /// <summary>Means over all windows: of the similarity, and of its factor without the luminance (contrast times structure).</summary>
    /// <param name="x">A plane, row by row.</param>
    /// <param name="y">The other.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="window">Weights along one axis.</param>
    /// <param name="covarianceFactor">1 for population covariances.</param>
    internal static (double Similarity, double Structure) OfPlane(double[] x, double[] y, int height, int width, double[] window, double covarianceFactor)
    {
        double[] Blur(Func<int, double> value) => Filter(value, height, width, window);
        double[] ux = Blur(i => x[i]), uy = Blur(i => y[i]), uxx = Blur(i => x[i] * x[i]), uyy = Blur(i => y[i] * y[i]), uxy = Blur(i => x[i] * y[i]);
        double similarity = 0, structure = 0;
        for (var i = 0; i < ux.Length; i++)
        {
            double vx = covarianceFactor * (uxx[i] - ux[i] * ux[i]), vy = covarianceFactor * (uyy[i] - uy[i] * uy[i]);
            var vxy = covarianceFactor * (uxy[i] - ux[i] * uy[i]);
            similarity += (2 * ux[i] * uy[i] + C1) * (2 * vxy + C2) / ((ux[i] * ux[i] + uy[i] * uy[i] + C1) * (vx + vy + C2));
            structure += (2 * vxy + C2) / (vx + vy + C2);
        }

        return (similarity / ux.Length, structure / ux.Length);
    }

    /// <summary>One channel as numbers, row by row.</summary>
    internal static double[] Plane(Picture picture, int channel)
    {
        var plane = new double[picture.Height * picture.Width];
        for (var i = 0; i < plane.Length; i++)
            plane[i] = picture.Pixels[i * picture.Channels + channel];
        return plane;
    }

    private static double Mean(Picture a, Picture b, double[] window, double covarianceFactor)
    {
        Psnr.RequireSameForm(a, b);
        if (Math.Min(a.Height, a.Width) < window.Length)
            throw new ArgumentException($"SSIM with a window of {window.Length} needs pictures of at least that edge, not {a.Height} x {a.Width}", nameof(a));
        double total = 0;
        for (var channel = 0; channel < a.Channels; channel++)
            total += OfPlane(Plane(a, channel), Plane(b, channel), a.Height, a.Width, window, covarianceFactor).Similarity;
        return total / a.Channels;
    }

    /// <summary>The window over every place where it lies whole inside: first down the columns, then along the rows.</summary>
    private static double[] Filter(Func<int, double> value, int height, int width, double[] window)
    {
        int outHeight = height - window.Length + 1, outWidth = width - window.Length + 1;
        var columns = new double[outHeight * width];
        for (var i = 0; i < columns.Length; i++)
        {
            for (var k = 0; k < window.Length; k++)
                columns[i] += window[k] * value(i + k * width);
        }

        var result = new double[outHeight * outWidth];
        for (var i = 0; i < result.Length; i++)
        {
            for (var k = 0; k < window.Length; k++)
                result[i] += window[k] * columns[i / outWidth * width + i % outWidth + k];
        }

        return result;
    }
}
