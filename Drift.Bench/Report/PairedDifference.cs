using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>How much better than another row a row is, seed by seed: the pictures of both rows have the same seeds, so their differences vary less than the rows do.</summary>
/// <param name="Against">The other row.</param>
/// <param name="Psnr">Mean difference of PSNR, dB, of the two pictures of a seed. Measured.</param>
/// <param name="Low">Lower end of its 95 % interval.</param>
/// <param name="High">Upper end.</param>
internal sealed record PairedDifference(string Against, double Psnr, double Low, double High)
{
    /// <summary>Pairs two rows' values.</summary>
    /// <param name="against">The other row.</param>
    /// <param name="own">The row's PSNR, by picture.</param>
    /// <param name="others">The other row's.</param>
    public static PairedDifference Of(string against, IEnumerable<double> own, IEnumerable<double> others)
    {
        var interval = ConfidenceInterval.Of([.. own.Zip(others, (a, b) => a - b)]);
        return new PairedDifference(against, interval.Mean, interval.Low, interval.High);
    }

    /// <summary>A line for people.</summary>
    /// <param name="row">The row.</param>
    public string Line(string row) => string.Create(CultureInfo.InvariantCulture, $"{row} - {Against}, paired by seed: {Psnr:+0.0;-0.0} dB ({Low:+0.0;-0.0}..{High:+0.0;-0.0}).");
}
