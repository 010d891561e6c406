namespace Drift.Dvfs;

/// <summary>What a bank does with a row after an access.</summary>
public enum RowPolicy
{
    /// <summary>The row stays open until another one of its bank is wanted.</summary>
    Open,

    /// <summary>Every access opens its row and closes it again (auto-precharge).</summary>
    Closed,
}

/// <summary>How a memory is built, as far as the order of accesses matters.</summary>
/// <param name="Name">Its name, for tables.</param>
/// <param name="Channels">Channels that work side by side (HBM2: pseudo channels; DDR5: subchannels).</param>
/// <param name="Banks">Banks of a channel.</param>
/// <param name="RowBytes">Bytes of a bank's row (the page).</param>
/// <param name="BurstBytes">Bytes of one access: the bus is never busy for less.</param>
/// <param name="Policy">What a bank does with a row after an access.</param>
/// <param name="MasksWrites">Whether part of a burst can be written; where not (memory under ECC), the burst is read, changed and written.</param>
/// <param name="RowCycle">Least time from one activation of a bank to its next (tRC).</param>
/// <param name="BurstTime">Time that a burst takes a channel's bus.</param>
public sealed record DramGeometry(string Name, int Channels, int Banks, int RowBytes, int BurstBytes, RowPolicy Policy, bool MasksWrites, Seconds RowCycle, Seconds BurstTime)
{
    private const double Nanosecond = 1e-9;
    private const int Most = 1 << 20;

    /// <summary>What all channels move together when nothing waits for rows.</summary>
    public BytesPerSecond Bandwidth => new(Channels * BurstBytes / BurstTime.Value);

    /// <summary>Reads a CSV file with the columns quantity, value, unit and, if wanted, source; each quantity once.</summary>
    /// <param name="path">The file; its name is the geometry's.</param>
    /// <exception cref="InvalidDataException">The file is not like that; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static DramGeometry Load(string path)
    {
        var values = new Dictionary<string, double>();
        var units = new Dictionary<string, string>
        {
            ["channels"] = "", ["banks"] = "", ["row"] = "B", ["burst"] = "B", ["closed_rows"] = "", ["masked_writes"] = "", ["row_cycle"] = "ns", ["burst_time"] = "ns",
        };
        foreach (var row in CsvRow.Read(path, "quantity", "value", "unit"))
        {
            var quantity = row.Text("quantity");
            if (!units.TryGetValue(quantity, out var unit) || row.Text("unit") != unit || !values.TryAdd(quantity, Value(row, quantity, unit)))
                throw row.Expected($"one of {string.Join(", ", units.Select(entry => $"{entry.Key}{(entry.Value.Length > 0 ? $" in {entry.Value}" : "")}"))}, once each");
        }

        if (units.Keys.FirstOrDefault(quantity => !values.ContainsKey(quantity)) is { } missing)
            throw new InvalidDataException($"{path}: expected a row {missing}");
        int Whole(string quantity) => (int)values[quantity];
        if ((long)Whole("channels") * Whole("banks") > Most)
            throw new InvalidDataException($"{path}: expected at most {Most} banks of all channels, not {Whole("channels")} x {Whole("banks")}");
        if (Whole("row") % Whole("burst") != 0)
            throw new InvalidDataException($"{path}: expected a row of whole bursts, not {Whole("row")} B of {Whole("burst")} B");
        return new DramGeometry(Path.GetFileNameWithoutExtension(path), Whole("channels"), Whole("banks"), Whole("row"), Whole("burst"), Whole("closed_rows") == 1 ? RowPolicy.Closed : RowPolicy.Open,
            Whole("masked_writes") == 1, new Seconds(values["row_cycle"] * Nanosecond), new Seconds(values["burst_time"] * Nanosecond));
    }

    /// <summary>Where an address lies: rows go to the channels in turn, then to the banks.</summary>
    /// <param name="address">Byte address, at least 0.</param>
    public (int Channel, int Bank, long Row) Place(long address)
    {
        var page = address / RowBytes;
        return ((int)(page % Channels), (int)(page / Channels % Banks), page / Channels / Banks);
    }

    private static double Value(CsvRow row, string quantity, string unit)
    {
        if (unit == "ns")
            return row.Positive("value");
        var value = quantity is "closed_rows" or "masked_writes" ? row.Number("value", 0, 1) : row.Number("value", 1, Most);
        return value == Math.Floor(value) ? value : throw row.Expected($"a whole number as {quantity}, not '{row.Text("value")}'");
    }
}
