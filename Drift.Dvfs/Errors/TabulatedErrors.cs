namespace Drift.Dvfs;

/// <summary>Rates from a table: along the voltage at the nominal clock and along the clock at the nominal voltage. Off both lines or past their ends there is no answer.</summary>
public sealed class TabulatedErrors : IErrorRates
{
    private readonly OperatingPoints _points;
    private readonly ErrorLine _voltage;
    private readonly ErrorLine _frequency;
    private readonly bool _extrapolate;

    private TabulatedErrors(string name, OperatingPoints points, bool extrapolate) =>
        (Name, _points, _voltage, _frequency, _extrapolate) = (name, points, points.Voltage, points.Frequency, extrapolate);

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Covered
    {
        get
        {
            List<string> lines = [];
            if (!double.IsNaN(_voltage.Smallest))
                lines.Add($"{_voltage.Smallest}..{_voltage.Largest} V at {OperatingPoint.Nominal.Frequency}");
            if (!double.IsNaN(_frequency.Smallest))
                lines.Add($"{new Hertz(_frequency.Smallest).Gigahertz}..{new Hertz(_frequency.Largest)} at {OperatingPoint.Nominal.Voltage}");
            return lines.Count == 0 ? "a table with points" : string.Join(", or ", lines);
        }
    }

    /// <summary>
    /// Reads a CSV file with the columns volts, gigahertz, one of rate_per_element, rate_per_bit and rate_per_mac, and, if wanted, source. Rows ascend by volts, then by gigahertz;
    /// each stands at the nominal clock or at the nominal voltage; the rate never rises with the voltage and never falls with the clock.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="extrapolate">True to go on past the ends of the lines; such rates are marked.</param>
    /// <exception cref="InvalidDataException">The file is not like that; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TabulatedErrors Load(string path, bool extrapolate = false) => new(Path.GetFileName(path), OperatingPoints.Load(path, onLines: true), extrapolate);

    /// <inheritdoc/>
    public ErrorRate? Find(OperatingPoint point)
    {
        var onVoltage = OperatingPoints.IsNominal(point.Frequency);
        var onClock = OperatingPoints.IsNominal(point.Voltage);
        var known = (onVoltage ? _voltage.Rate(point.Voltage.Value) : null) ?? (onClock ? _frequency.Rate(point.Frequency.Value) : null);
        if (known is { } rate)
            return new ErrorRate(rate, _points.Unit);
        if (!_extrapolate)
            return null;
        var past = onVoltage ? _voltage.Extrapolated(point.Voltage.Value) : onClock ? _frequency.Extrapolated(point.Frequency.Value) : null;
        return past is { } beyond ? new ErrorRate(beyond, _points.Unit, true) : null;
    }
}
