namespace Drift.Dvfs;

/// <summary>
/// Dynamic energy: each INT8 MAC costs a fixed amount at 0.9 V and scales with (V / 0.9)^2; each byte from or to DRAM costs a fixed amount. Leakage is not
/// part of the paper's model.
/// </summary>
/// <param name="Mac">An INT8 multiply-accumulate at the nominal voltage.</param>
/// <param name="DramByte">A byte moved from or to DRAM.</param>
public sealed record EnergyModel(Joules Mac, Joules DramByte)
{
    private const double Picojoule = 1e-12;

    /// <summary>Reads a CSV file with the columns quantity, value, unit and, if wanted, source: int8_mac in pJ and dram_byte in pJ/B.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is not like that; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static EnergyModel Load(string path)
    {
        Joules? mac = null, dram = null;
        foreach (var row in CsvRow.Read(path, "quantity", "value", "unit"))
        {
            switch (row.Text("quantity"), row.Text("unit"))
            {
                case ("int8_mac", "pJ") when mac is null:
                    mac = row.Positive("value") * new Joules(Picojoule);
                    break;
                case ("dram_byte", "pJ/B") when dram is null:
                    dram = row.Positive("value") * new Joules(Picojoule);
                    break;
                default:
                    throw row.Expected("int8_mac in pJ or dram_byte in pJ/B, once each");
            }
        }

        return mac is { } a && dram is { } b
            ? new EnergyModel(a, b)
            : throw new InvalidDataException($"{path}: expected a row int8_mac in pJ and a row dram_byte in pJ/B");
    }

    /// <summary>Energy of MACs at a voltage.</summary>
    /// <param name="count">INT8 multiply-accumulates, at least 0.</param>
    /// <param name="voltage">The supply voltage.</param>
    public Joules Macs(long count, Volts voltage)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var relative = voltage.Value / OperatingPoint.Nominal.Voltage.Value;
        return count * relative * relative * Mac;
    }

    /// <summary>Energy of a transfer.</summary>
    /// <param name="bytes">Bytes moved, at least 0.</param>
    public Joules Transfer(Bytes bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes.Value, nameof(bytes));
        return bytes.Value * DramByte;
    }
}
