namespace Drift.Dvfs;

/// <summary>
/// Rates over voltage and clock together, from a table of the two nominal lines and some isolines. For every rate that occurs in the table it holds the curve f(V) on which that
/// rate lies; between two curves the logarithm of the rate is interpolated over the logarithm of the clock, below the lowest the rate itself, down to the clock
/// that is still safe. The table's points come back exactly; the rate never rises with the voltage and never falls with the clock.
/// </summary>
public sealed class VoltageFrequencySurface : IErrorRates
{
    private readonly SurfaceCurves _curves;
    private readonly RateUnit _unit;
    private readonly bool _extrapolate;
    private readonly (double Smallest, double Largest) _volts;
    private readonly (double Smallest, double Largest) _hertz;
    private readonly double _largestOnLine;

    private VoltageFrequencySurface(string name, OperatingPoints points, bool extrapolate)
    {
        (Name, _unit, _extrapolate, _curves) = (name, points.Unit, extrapolate, new SurfaceCurves(points));
        var off = points.Rows.Where(row => !OperatingPoints.IsNominal(row.Point.Voltage)).ToList();
        _volts = (points.Rows.Min(row => row.Point.Voltage.Value), points.Rows.Max(row => row.Point.Voltage.Value));
        _hertz = (off.Min(row => row.Point.Frequency.Value), off.Max(row => row.Point.Frequency.Value));
        _largestOnLine = points.Frequency.Largest;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Covered => $"{_volts.Smallest}..{_volts.Largest} V with {new Hertz(_hertz.Smallest).Gigahertz}..{new Hertz(_hertz.Largest)}, as far as the rate is at most {_curves.HighestRate}";

    /// <summary>
    /// Reads a CSV file in the form of the operating points whose rows may stand anywhere. Rows at the nominal clock and at the nominal voltage are the two lines; the others are points of
    /// isolines: each of their rates has at least two, clocks ascending with the voltage.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="extrapolate">True to go on past the table's edges; such rates are marked.</param>
    /// <exception cref="InvalidDataException">The file is not like that; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static VoltageFrequencySurface Load(string path, bool extrapolate = false)
    {
        var points = OperatingPoints.Load(path, onLines: false);
        var lines = points.Rows.Where(row => OperatingPoints.IsNominal(row.Point.Frequency) || OperatingPoints.IsNominal(row.Point.Voltage)).ToHashSet();
        var isolines = points.Rows.Where(row => !lines.Contains(row)).GroupBy(row => row.Rate).ToList();
        if (points.Voltage.Points.Count(point => point.Rate > 0) < 2 || points.Frequency.Points.Count(point => point.Rate > 0) < 2)
            throw new InvalidDataException($"{path}: expected at least two positive rates at {OperatingPoint.Nominal.Frequency} and two at {OperatingPoint.Nominal.Voltage}");
        if (isolines.Count == 0 || isolines.Any(line => line.Key == 0 || line.Count() < 2))
            throw new InvalidDataException($"{path}: expected isolines off the nominal lines, each rate above 0 and at two points or more");
        foreach (var (a, b) in points.Rows.SelectMany(a => points.Rows, (a, b) => (a, b)))
        {
            if (a.Point.Voltage.Value <= b.Point.Voltage.Value && a.Point.Frequency.Value >= b.Point.Frequency.Value && a.Rate < b.Rate)
                throw new InvalidDataException($"{path}: expected a rate of at least {b.Rate} at {a.Point}, which is no safer than {b.Point}, not {a.Rate}");
        }

        return new VoltageFrequencySurface(Path.GetFileName(path), points, extrapolate);
    }

    /// <inheritdoc/>
    public ErrorRate? Find(OperatingPoint point)
    {
        var (volts, hertz) = (point.Voltage.Value, point.Frequency.Value);
        var inside = volts >= _volts.Smallest && volts <= _volts.Largest && hertz >= _hertz.Smallest
            && (hertz <= _hertz.Largest || OperatingPoints.IsNominal(point.Voltage) && hertz <= _largestOnLine);
        if (inside && _curves.Rate(volts, hertz) is { } rate)
            return new ErrorRate(rate, _unit);
        return _extrapolate && volts > 0 && hertz > 0 && double.IsFinite(volts + hertz) ? new ErrorRate(_curves.Extrapolated(volts, hertz), _unit, true) : null;
    }
}
