namespace Drift.Dvfs;

/// <summary>
/// What each kind of work costs at 0.9 V. Dynamic energy of the array scales with (V / 0.9)^2, its leakage with V / 0.9. SRAM and DRAM keep supplies of their own: reads of them are
/// taken as free of errors, which at a lowered supply they would not be. What a file does not name costs nothing.
/// </summary>
/// <param name="Mac">An INT8 multiply-accumulate at the nominal voltage.</param>
/// <param name="DramByte">A byte moved from or to DRAM.</param>
public sealed record EnergyModel(Joules Mac, Joules DramByte)
{
    /// <summary>A byte read from SRAM or written to it.</summary>
    public Joules SramByte { get; init; }

    /// <summary>An INT32 addition at the nominal voltage.</summary>
    public Joules Addition { get; init; }

    /// <summary>Leakage of the array at the nominal voltage.</summary>
    public Watts LeakagePower { get; init; }

    /// <summary>How long the regulator takes to move the supply by a volt.</summary>
    public Seconds SettlingPerVolt { get; init; }

    /// <summary>What the regulator loses for each square volt by which the supply's square changes: (1 - efficiency) C.</summary>
    public Joules LossPerSquareVolt { get; init; }

    /// <summary>Reads a CSV file with the columns quantity, value, unit and, if wanted, source. int8_mac and dram_byte must be there; data/energy/README.md lists the others.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is not like that; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static EnergyModel Load(string path)
    {
        var values = new Dictionary<string, double>();
        foreach (var row in CsvRow.Read(path, "quantity", "value", "unit"))
        {
            var name = row.Text("quantity");
            if (EnergyQuantities.Find(name) is not { } quantity)
                throw row.Expected($"one of {EnergyQuantities.Forms}, not '{name}'");
            if (row.Text("unit") != quantity.Unit)
                throw row.Expected($"{quantity.Unit} as the unit of {name}, not '{row.Text("unit")}'");
            if (!values.TryAdd(name, quantity.Scale * (quantity.Required ? row.Positive("value") : row.NotNegative("value"))))
                throw row.Expected($"{name} once, and other quantities besides");
        }

        if (EnergyQuantities.Missing(values.Keys) is { } missing)
            throw new InvalidDataException($"{path}: expected a row {missing.Name} in {missing.Unit}");
        double Of(string name) => values.GetValueOrDefault(name);
        return new EnergyModel(new Joules(Of(EnergyQuantities.Mac)), new Joules(Of(EnergyQuantities.DramByte)))
        {
            SramByte = new Joules(Of(EnergyQuantities.SramByte)),
            Addition = new Joules(Of(EnergyQuantities.Addition)),
            LeakagePower = new Watts(Of(EnergyQuantities.Leakage)),
            SettlingPerVolt = new Seconds(Of(EnergyQuantities.Settling)),
            LossPerSquareVolt = new Joules(Of(EnergyQuantities.Loss)),
        };
    }

    /// <summary>Energy of MACs at a voltage.</summary>
    /// <param name="count">INT8 multiply-accumulates, at least 0.</param>
    /// <param name="voltage">The supply voltage.</param>
    public Joules Macs(long count, Volts voltage) => Dynamic(count, Mac, voltage);

    /// <summary>Energy of INT32 additions at a voltage.</summary>
    /// <param name="count">Additions, at least 0.</param>
    /// <param name="voltage">The supply voltage.</param>
    public Joules Additions(long count, Volts voltage) => Dynamic(count, Addition, voltage);

    /// <summary>Energy of a transfer from or to DRAM.</summary>
    /// <param name="bytes">Bytes moved, at least 0.</param>
    public Joules Transfer(Bytes bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes.Value, nameof(bytes));
        return bytes.Value * DramByte;
    }

    /// <summary>Energy of reading and writing SRAM.</summary>
    /// <param name="bytes">Bytes, at least 0.</param>
    public Joules Sram(Bytes bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes.Value, nameof(bytes));
        return bytes.Value * SramByte;
    }

    /// <summary>Leakage of the array: power x V / 0.9 x time.</summary>
    /// <param name="time">For how long.</param>
    /// <param name="voltage">The supply voltage.</param>
    public Joules Leakage(Seconds time, Volts voltage) => new(LeakagePower.Value * Relative(voltage) * time.Value);

    /// <summary>How long the regulator takes over a step.</summary>
    /// <param name="step">Volts between the old supply and the new one, at least 0.</param>
    public Seconds Settling(Volts step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step.Value, nameof(step));
        return new Seconds(step.Value * SettlingPerVolt.Value);
    }

    /// <summary>What the regulator loses over a step: (1 - efficiency) C |V1^2 - V2^2| (Burd and Brodersen, ISLPED 2000).</summary>
    /// <param name="from">The old supply.</param>
    /// <param name="to">The new one.</param>
    public Joules Transition(Volts from, Volts to) => Math.Abs(from.Value * from.Value - to.Value * to.Value) * LossPerSquareVolt;

    private static Joules Dynamic(long count, Joules each, Volts voltage)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var relative = Relative(voltage);
        return count * relative * relative * each;
    }

    private static double Relative(Volts voltage) => voltage.Value / OperatingPoint.Nominal.Voltage.Value;
}
