using MathNet.Numerics.Distributions;

namespace Drift.Bench;

/// <summary>
/// The size of a fault injection sample fixed beforehand: n = N / (1 + e^2 (N - 1) / (t^2 p (1 - p))) (R. Leveugle, A. Calvez, P. Maistri, P. Vanhauwaert, DATE 2009). It plans for
/// the worst, p = 1/2; a sequential rule looks at what it has found.
/// </summary>
internal static class FaultSample
{
    /// <summary>Trials that bound a proportion.</summary>
    /// <param name="population">N, faults that there can be; infinity for a population without end.</param>
    /// <param name="margin">e, half width of the interval, 0..1.</param>
    /// <param name="confidence">Its coverage, 0..1.</param>
    public static double Size(double population, double margin, double confidence = 0.95)
    {
        const double Worst = 0.25;
        var t = Normal.InvCDF(0, 1, (1 + confidence) / 2);
        var endless = t * t * Worst / (margin * margin);
        return double.IsInfinity(population) ? endless : population / (1 + (population - 1) / endless);
    }
}
