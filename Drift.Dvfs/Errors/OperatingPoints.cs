namespace Drift.Dvfs;

/// <summary>The rows of a file of operating points: volts, gigahertz, and one of rate_per_element, rate_per_bit, rate_per_mac.</summary>
internal sealed class OperatingPoints
{
    private const double Same = 1e-9;

    private static readonly IReadOnlyList<(string Column, RateUnit Unit)> Columns =
        [("rate_per_element", RateUnit.PerElement), ("rate_per_bit", RateUnit.PerBit), ("rate_per_mac", RateUnit.PerMac)];

    private OperatingPoints(RateUnit unit, IReadOnlyList<(OperatingPoint Point, double Rate)> rows) => (Unit, Rows) = (unit, rows);

    /// <summary>What the rates count.</summary>
    public RateUnit Unit { get; }

    /// <summary>The rows, ascending by volts, then by gigahertz.</summary>
    public IReadOnlyList<(OperatingPoint Point, double Rate)> Rows { get; }

    /// <summary>The rows at the nominal clock, along the voltage.</summary>
    public ErrorLine Voltage => new([.. Rows.Where(row => IsNominal(row.Point.Frequency)).Select(row => (row.Point.Voltage.Value, row.Rate))]);

    /// <summary>The rows at the nominal voltage, along the clock.</summary>
    public ErrorLine Frequency => new([.. Rows.Where(row => IsNominal(row.Point.Voltage)).Select(row => (row.Point.Frequency.Value, row.Rate))]);

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="onLines">True where every row must stand at the nominal clock or at the nominal voltage.</param>
    /// <exception cref="InvalidDataException">
    /// Rows are out of order, doubled or off the lines, a value is missing or out of range, or a rate rises with the voltage or falls with the clock along a line.
    /// </exception>
    public static OperatingPoints Load(string path, bool onLines)
    {
        var rows = new List<(OperatingPoint Point, double Rate)>();
        var read = CsvRow.Read(path, ["volts", "gigahertz"], [.. Columns.Select(column => column.Column)]);
        var (name, unit) = Columns.Single(column => read[0].Has(column.Column));
        double lastOnVoltage = double.NaN, lastOnClock = double.NaN;
        foreach (var row in read)
        {
            var (point, rate) = (OperatingPoint.Of(row.Positive("volts"), row.Positive("gigahertz")), row.Number(name, 0, 1));
            var last = rows.Count > 0 ? rows[^1].Point : OperatingPoint.Of(0, 0);
            if ((point.Voltage.Value, point.Frequency.Value).CompareTo((last.Voltage.Value, last.Frequency.Value)) <= 0)
                throw row.Expected($"a point above {last}: rows ascend by volts, then gigahertz, without duplicates");
            var (atClock, atVoltage) = (IsNominal(point.Frequency), IsNominal(point.Voltage));
            if (onLines && !atClock && !atVoltage)
                throw row.Expected($"a point at {OperatingPoint.Nominal.Voltage} or at {OperatingPoint.Nominal.Frequency}");
            if (atClock && rate > lastOnVoltage)
                throw row.Expected($"a rate of at most {lastOnVoltage}, that of the row below it in voltage: it never rises with the voltage");
            if (atVoltage && rate < lastOnClock)
                throw row.Expected($"a rate of at least {lastOnClock}, that of the row below it in clock: it never falls with the clock");
            lastOnVoltage = atClock ? rate : lastOnVoltage;
            lastOnClock = atVoltage ? rate : lastOnClock;
            rows.Add((point, rate));
        }

        return new OperatingPoints(unit, rows);
    }

    /// <summary>True at the nominal clock.</summary>
    public static bool IsNominal(Hertz clock) => Math.Abs(clock.Value / OperatingPoint.Nominal.Frequency.Value - 1) < Same;

    /// <summary>True at the nominal voltage.</summary>
    public static bool IsNominal(Volts voltage) => Math.Abs(voltage.Value / OperatingPoint.Nominal.Voltage.Value - 1) < Same;
}
