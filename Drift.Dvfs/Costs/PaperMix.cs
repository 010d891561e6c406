namespace Drift.Dvfs;

/// <summary>
/// The ratio of compute to memory energy that the paper gives for a model. A small model is dominated by its memory; its own relative compute energy and
/// traffic are put on this mix to compare with the paper.
/// </summary>
/// <param name="Model">The model's name in the file.</param>
/// <param name="ComputeToMemory">k: compute energy over weight-access energy of an unprotected run at the nominal point, above 0.</param>
public sealed record PaperMix(string Model, double ComputeToMemory)
{
    /// <summary>Reads a CSV file with the columns model, compute_to_memory and, if wanted, source; model names are distinct.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is not like that; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyDictionary<string, PaperMix> Load(string path)
    {
        var mixes = new Dictionary<string, PaperMix>();
        foreach (var row in CsvRow.Read(path, "model", "compute_to_memory"))
        {
            var model = row.Text("model");
            if (model.Length == 0 || !mixes.TryAdd(model, new PaperMix(model, row.Positive("compute_to_memory"))))
                throw row.Expected($"a model that no other row names, not '{model}'");
        }

        return mixes;
    }

    /// <summary>The share of energy saved: 1 - (k rc + rm) / (k + 1). Negative when more is spent.</summary>
    /// <param name="relativeCompute">rc: compute energy, checks included, over that of the unprotected nominal run; at least 0.</param>
    /// <param name="relativeTraffic">rm: bytes moved over those of the unprotected nominal run; at least 0.</param>
    public double Saving(double relativeCompute, double relativeTraffic) =>
        1 - (ComputeToMemory * relativeCompute + relativeTraffic) / (ComputeToMemory + 1);
}
