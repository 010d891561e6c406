using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>An error rate as files record it.</summary>
/// <param name="Value">The probability, 0..1.</param>
/// <param name="Unit">What it counts.</param>
/// <param name="Source">The model or table it is from.</param>
/// <param name="Extrapolated">True where it lies past the end of a table.</param>
internal sealed record ErrorRateRecord(double Value, string Unit, string Source, bool Extrapolated)
{
    /// <summary>The rate at a point.</summary>
    public static ErrorRateRecord At(IErrorRates rates, OperatingPoint point)
    {
        var rate = rates.At(point);
        return new ErrorRateRecord(rate.Value, ErrorRate.Words(rate.Unit), rates.Name, rate.Extrapolated);
    }
}
