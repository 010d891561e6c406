namespace Drift.Dvfs;

/// <summary>A supply voltage with a clock: where a GEMM executes.</summary>
/// <param name="Voltage">The supply voltage.</param>
/// <param name="Frequency">The clock.</param>
public readonly record struct OperatingPoint(Volts Voltage, Hertz Frequency)
{
    /// <summary>The paper's nominal point, 0.9 V and 2.0 GHz, where nothing fails.</summary>
    public static OperatingPoint Nominal => Of(0.9, 2.0);

    /// <summary>A point from bare numbers, as options and files give them.</summary>
    /// <param name="volts">Volts.</param>
    /// <param name="gigahertz">Gigahertz.</param>
    public static OperatingPoint Of(double volts, double gigahertz) => new(new Volts(volts), Hertz.FromGigahertz(gigahertz));

    /// <inheritdoc/>
    public override string ToString() => $"{Voltage}, {Frequency}";
}
