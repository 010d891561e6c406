namespace Drift.Dvfs;

/// <summary>Weights from a table of one's own.</summary>
public sealed class TabulatedBits : IBitProfile
{
    private readonly IReadOnlyList<double> _weights;

    private TabulatedBits(IReadOnlyList<double> weights) => _weights = weights;

    /// <summary>Reads a CSV file with the columns bit, weight and, if wanted, source: bits 0..31 ascending, without duplicates; those left out are never hit. Weights are relative.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is not like that; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TabulatedBits Load(string path)
    {
        var weights = new List<double>();
        var rows = CsvRow.Read(path, "bit", "weight");
        foreach (var row in rows)
        {
            var bit = row.Number("bit", 0, 31);
            if (bit != Math.Floor(bit) || bit < weights.Count)
                throw row.Expected($"a whole bit from {weights.Count} to 31: bits ascend without duplicates");
            while (weights.Count < bit)
                weights.Add(0);
            weights.Add(row.Number("weight", 0, double.MaxValue));
        }

        return weights.Exists(weight => weight > 0) ? new TabulatedBits(weights) : throw rows[^1].Expected("at least one weight above 0");
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> WeightsAt(OperatingPoint point) => _weights;
}
