namespace Drift.Dvfs;

/// <summary>Where a rate lies over voltage and clock.</summary>
public static class Isoline
{
    private const int Halvings = 60;

    /// <summary>The clock at which a rate is reached at a voltage, by halving.</summary>
    /// <param name="rates">The rates; never falling with the clock.</param>
    /// <param name="rate">The rate, above 0, in the model's own unit.</param>
    /// <param name="voltage">The voltage.</param>
    /// <param name="from">The lowest clock looked at.</param>
    /// <param name="to">The highest.</param>
    /// <returns>The clock; null where the rate is not reached between the two, or where the model does not know it.</returns>
    public static Hertz? Clock(IErrorRates rates, double rate, Volts voltage, Hertz from, Hertz to)
    {
        ArgumentNullException.ThrowIfNull(rates);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rate);
        double? At(double hertz) => rates.Find(new OperatingPoint(voltage, new Hertz(hertz)))?.Value;
        var (low, high) = (from.Value, to.Value);
        if (!(At(low) <= rate) || At(high) < rate)
            return null;
        for (var i = 0; i < Halvings; i++)
        {
            var middle = low + (high - low) / 2;
            // What the model does not know lies above what it knows: its tables end at a rate.
            (low, high) = At(middle) <= rate ? (middle, high) : (low, middle);
        }

        return At(high) is null && At(low) < rate * (1 - 1e-9) ? null : new Hertz(low);
    }
}
