using System.Collections.Concurrent;
using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>
/// Rates from a table: along the voltage at the nominal clock and along the clock at the nominal voltage. Off both lines or past their ends there is no answer.
/// Hits are spread evenly over bits 0..30 (the paper's profile).
/// </summary>
public sealed class TabulatedErrors : IErrorModel
{
    private const double Same = 1e-9;
    private readonly ConcurrentDictionary<OperatingPoint, BitErrorProfile> _profiles = [];
    private readonly string _name;
    private readonly ErrorLine _voltage;
    private readonly ErrorLine _frequency;

    private TabulatedErrors(string name, ErrorLine voltage, ErrorLine frequency) => (_name, _voltage, _frequency) = (name, voltage, frequency);

    /// <summary>
    /// Reads a CSV file with the columns volts, gigahertz, rate_per_element and, if wanted, source. Rows ascend by volts, then by gigahertz; each stands at the nominal
    /// clock or at the nominal voltage; the rate never rises with the voltage and never falls with the clock.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is not like that; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TabulatedErrors Load(string path)
    {
        List<(double At, double Rate)> voltage = [], frequency = [];
        var last = (Volts: 0.0, Hertz: 0.0);
        foreach (var row in CsvRow.Read(path, "volts", "gigahertz", "rate_per_element"))
        {
            var (point, rate) = (OperatingPoint.Of(row.Positive("volts"), row.Positive("gigahertz")), row.Number("rate_per_element", 0, 1));
            var (volts, hertz) = (point.Voltage.Value, point.Frequency.Value);
            if ((volts, hertz).CompareTo(last) <= 0)
                throw row.Expected($"a point above {last.Volts} V, {new Hertz(last.Hertz)}: rows ascend by volts, then gigahertz, without duplicates");
            last = (volts, hertz);
            var (atClock, atVoltage) = (IsNominal(point.Frequency), IsNominal(point.Voltage));
            if (!atClock && !atVoltage)
                throw row.Expected($"a point at {OperatingPoint.Nominal.Voltage} or at {OperatingPoint.Nominal.Frequency}");
            if (atClock && voltage.Count > 0 && rate > voltage[^1].Rate)
                throw row.Expected($"a rate of at most {voltage[^1].Rate}, that of {voltage[^1].At} V: it never rises with the voltage");
            if (atVoltage && frequency.Count > 0 && rate < frequency[^1].Rate)
                throw row.Expected($"a rate of at least {frequency[^1].Rate}, that of {new Hertz(frequency[^1].At)}: it never falls with the clock");
            if (atClock)
                voltage.Add((volts, rate));
            if (atVoltage)
                frequency.Add((hertz, rate));
        }

        return new TabulatedErrors(Path.GetFileName(path), new ErrorLine(voltage), new ErrorLine(frequency));
    }

    /// <inheritdoc/>
    public BitErrorProfile At(OperatingPoint point) => _profiles.GetOrAdd(point, p => BitErrorProfile.Uniform(RatePerElement(p)));

    /// <summary>The rate at a point: probability that an output element is hit.</summary>
    /// <param name="point">On one of the two lines, within their ends.</param>
    /// <exception cref="OperatingPointException">The point lies elsewhere.</exception>
    public double RatePerElement(OperatingPoint point)
    {
        var rate = IsNominal(point.Frequency) ? _voltage.Rate(point.Voltage.Value) : null;
        if (rate is null && IsNominal(point.Voltage))
            rate = _frequency.Rate(point.Frequency.Value);
        return rate ?? throw new OperatingPointException($"{_name} has no error rate at {point}: expected {Covered()}");
    }

    /// <summary>Where the table has rates, in words.</summary>
    private string Covered()
    {
        List<string> lines = [];
        if (!double.IsNaN(_voltage.Smallest))
            lines.Add($"{_voltage.Smallest}..{_voltage.Largest} V at {OperatingPoint.Nominal.Frequency}");
        if (!double.IsNaN(_frequency.Smallest))
            lines.Add($"{new Hertz(_frequency.Smallest).Gigahertz}..{new Hertz(_frequency.Largest)} at {OperatingPoint.Nominal.Voltage}");
        return lines.Count == 0 ? "a table with points" : string.Join(", or ", lines);
    }

    private static bool IsNominal(Hertz clock) => Math.Abs(clock.Value / OperatingPoint.Nominal.Frequency.Value - 1) < Same;

    private static bool IsNominal(Volts voltage) => Math.Abs(voltage.Value / OperatingPoint.Nominal.Voltage.Value - 1) < Same;
}
