namespace Drift.Models;

/// <summary>
/// Multi-scale structural similarity (Wang, Simoncelli and Bovik, 2003) of 8-bit pictures in double precision: contrast times structure at five scales, each half as
/// wide as the one before, luminance at the last, weighted by the paper's exponents. A negative mean, which has no root, counts as 0; channels are averaged.
/// </summary>
public static class MsSsim
{
    /// <summary>Smallest height and width of a picture whose fifth scale still holds the window.</summary>
    public const int SmallestEdge = Ssim.SmallestEdge << 4;

    private static readonly IReadOnlyList<double> Exponents = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

    /// <summary>The similarity, 0..1; 1 for equal pictures.</summary>
    /// <param name="a">A picture.</param>
    /// <param name="b">Another of the same size and channels.</param>
    /// <exception cref="ArgumentException">Sizes or channels differ, or an edge is shorter than 176.</exception>
    public static double Between(Picture a, Picture b)
    {
        Psnr.RequireSameForm(a, b);
        if (Math.Min(a.Height, a.Width) < SmallestEdge)
            throw new ArgumentException($"MS-SSIM needs pictures of at least {SmallestEdge} x {SmallestEdge}, not {a.Height} x {a.Width}", nameof(a));
        double total = 0;
        for (var channel = 0; channel < a.Channels; channel++)
            total += OfChannel(Ssim.Plane(a, channel), Ssim.Plane(b, channel), a.Height, a.Width);
        return total / a.Channels;
    }

    private static double OfChannel(double[] x, double[] y, int height, int width)
    {
        var window = Ssim.GaussianWindow();
        var product = 1.0;
        for (var scale = 0; scale < Exponents.Count; scale++)
        {
            var isLast = scale == Exponents.Count - 1;
            var (similarity, structure) = Ssim.OfPlane(x, y, height, width, window, 1);
            product *= Math.Pow(Math.Max(0, isLast ? similarity : structure), Exponents[scale]);
            if (isLast)
                break;
            (x, y) = (Halve(x, height, width), Halve(y, height, width));
            (height, width) = (height / 2, width / 2);
        }

        return product;
    }

    /// <summary>Means of 2 x 2 samples; an odd last row or column is left out.</summary>
    private static double[] Halve(double[] plane, int height, int width)
    {
        var half = new double[height / 2 * (width / 2)];
        for (var i = 0; i < half.Length; i++)
        {
            var (row, column) = Math.DivRem(i, width / 2);
            var corner = 2 * row * width + 2 * column;
            half[i] = (plane[corner] + plane[corner + 1] + plane[corner + width] + plane[corner + width + 1]) / 4;
        }

        return half;
    }
}
