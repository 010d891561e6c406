namespace Drift.Dvfs;

/// <summary>
/// Timing errors of an accumulator's adder. A result's bit b settles at t0 + c L, L being the carry chain that ends in it; chains of length L occur with a chance that
/// falls as rho^L and are at most b long, so high bits fail first. A supply voltage stretches all delays by the alpha-power law (Sakurai and Newton, IEEE J. Solid-State
/// Circuits 25(2), 1990): d(V) = (V / 0.9) ((0.9 - Vt) / (V - Vt))^alpha.
/// </summary>
/// <param name="Threshold">Vt, threshold voltage, below every voltage asked for.</param>
/// <param name="Exponent">alpha, velocity saturation: 1 to 2.</param>
/// <param name="Fixed">t0, delay of all but the carry, at 0.9 V.</param>
/// <param name="PerBit">c, delay of the carry through one bit, at 0.9 V; above 0.</param>
/// <param name="Activity">Chance of a chain that could fail at all, 0..1.</param>
/// <param name="Persistence">rho, chance that a chain goes on for another bit, 0..1.</param>
/// <param name="Blur">Variation of the settling time, in bits of carry; above 0.</param>
public sealed record PathDelay(Volts Threshold, double Exponent, Seconds Fixed, Seconds PerBit, double Activity, double Persistence, double Blur) : IErrorRates, IBitProfile
{
    /// <summary>Bits of the accumulator that can fail: the sign is spared, as in the paper's profile.</summary>
    public const int Bits = 31;

    /// <summary>Below this rate an element counts as never hit: a logistic variation has no end of its own.</summary>
    private const double Never = 1e-8;

    /// <summary>Where the table lies that it was fitted to: beyond it the formula is an extrapolation. Null where nothing was fitted.</summary>
    public FittedRange? Fitted { get; init; }

    /// <summary>Whether it has rates beyond <see cref="Fitted"/>; they are marked.</summary>
    public bool Extrapolates { get; init; }

    /// <inheritdoc/>
    public string Name => "path-delay model";

    /// <inheritdoc/>
    public string Covered => Fitted is { } fitted && !Extrapolates ? $"{fitted}, where it was fitted" : $"a voltage above the threshold, {Threshold}";

    /// <inheritdoc/>
    public ErrorRate? Find(OperatingPoint point)
    {
        if (!(point.Voltage.Value > Threshold.Value && point.Frequency.Value > 0))
            return null;
        var beyond = Fitted is { } fitted && !fitted.Holds(point);
        if (beyond && !Extrapolates)
            return null;
        var spared = 1.0;
        foreach (var rate in RatesOfBits(point))
            spared *= 1 - rate;
        return new ErrorRate(1 - spared < Never ? 0 : 1 - spared, Extrapolated: beyond);
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> WeightsAt(OperatingPoint point)
    {
        var rates = RatesOfBits(point);
        // Where nothing fails it does not matter which bit would; the longest path stands for it.
        return Array.Exists(rates, rate => rate > 0) ? rates : new SingleBit(Bits - 1).WeightsAt(point);
    }

    /// <summary>How often each bit fails, lowest first.</summary>
    /// <param name="point">A point above the threshold voltage.</param>
    public double[] RatesOfBits(OperatingPoint point)
    {
        var period = 1 / point.Frequency.Value / Stretch(point.Voltage);
        // The shortest chain that is too slow, in bits.
        var chain = (period - Fixed.Value) / PerBit.Value;
        var occurs = Activity * Math.Pow(Persistence, Math.Max(0, chain));
        return [.. Enumerable.Range(0, Bits).Select(bit => Math.Min(1, occurs / (1 + Math.Exp((chain - bit) / Blur))))];
    }

    /// <summary>How much longer than at 0.9 V every delay is.</summary>
    private double Stretch(Volts voltage)
    {
        var nominal = OperatingPoint.Nominal.Voltage.Value;
        return voltage.Value / nominal * Math.Pow((nominal - Threshold.Value) / (voltage.Value - Threshold.Value), Exponent);
    }
}
