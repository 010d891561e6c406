using System.Security.Cryptography;
using System.Text.Json;

namespace Drift.Bench;

/// <summary>An axis of a campaign: a name and the values that it takes, as text.</summary>
/// <param name="Name">One of <see cref="Axes.Names"/>.</param>
/// <param name="Values">At least one, none twice.</param>
internal sealed record Axis(string Name, IReadOnlyList<string> Values);

/// <summary>When a cell has trials enough.</summary>
/// <param name="HalfWidth">Half the width that the first metric's interval must reach, in the metric's unit; null for a fixed number of trials.</param>
/// <param name="Floor">Trials before the first look.</param>
/// <param name="Ceiling">Trials at most; all of them where there is no width.</param>
/// <param name="Bound">How the interval is made: <see cref="StoppingRule.Student"/> or <see cref="StoppingRule.Bernstein"/>.</param>
internal sealed record Stopping(double? HalfWidth, int Floor, int Ceiling, string Bound);

/// <summary>
/// What a campaign computes, whole: two runs of equal plans give equal results, whatever the threads, machines and interruptions. What only says how it is computed
/// (threads, backend, folder) is not in it.
/// </summary>
/// <param name="Model">Shipped model's name, or a path.</param>
/// <param name="ModelDigest">SHA-256 over all files of the model that are read.</param>
/// <param name="Steps">Sampling steps.</param>
/// <param name="Guidance">Classifier-free guidance.</param>
/// <param name="Seed">Seed of each cell's first trial; the next has the next.</param>
/// <param name="Subjects">Classes by name, or prompts; trials take them in turn where no axis does.</param>
/// <param name="Outputs">How outputs leave the accumulator: saturating or wide.</param>
/// <param name="Metrics">Names of what is measured; the first decides when to stop.</param>
/// <param name="Axes">The axes; the cells are their product, the last axis running fastest.</param>
/// <param name="Fixed">Values of axes that are not varied.</param>
/// <param name="Stopping">When a cell has trials enough.</param>
internal sealed record CampaignPlan(
    string Model, string ModelDigest, int Steps, double Guidance, ulong Seed, IReadOnlyList<string> Subjects, string Outputs, IReadOnlyList<string> Metrics,
    IReadOnlyList<Axis> Axes, IReadOnlyDictionary<string, string> Fixed, Stopping Stopping)
{
    private const int HashDigits = 16;

    /// <summary>The outlier experiment's factor; 1 for the model as it is.</summary>
    public double Outliers { get; init; } = 1;

    /// <summary>Number of cells.</summary>
    public int Cells => Axes.Aggregate(1, (product, axis) => checked(product * axis.Values.Count));

    /// <summary>The first digits of the SHA-256 of its text.</summary>
    public string Hash() => Convert.ToHexStringLower(SHA256.HashData(ToJson()))[..HashDigits];

    /// <summary>Its text, as plan.json holds it.</summary>
    public byte[] ToJson() => ResultJson.Write(this);

    /// <summary>Reads a text.</summary>
    /// <param name="path">File with it.</param>
    /// <exception cref="UserErrorException">It is no plan.</exception>
    public static CampaignPlan Read(string path)
    {
        try
        {
            return ResultJson.Read<CampaignPlan>(File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{path}: expected the plan of a campaign: {exception.Message}", exception);
        }
    }

    /// <summary>The values of a cell, one an axis.</summary>
    /// <param name="cell">The cell, 0 first.</param>
    public string[] ValuesOf(int cell)
    {
        var values = new string[Axes.Count];
        for (var i = Axes.Count - 1; i >= 0; i--)
            (cell, values[i]) = (cell / Axes[i].Values.Count, Axes[i].Values[cell % Axes[i].Values.Count]);
        return values;
    }

    /// <summary>The value of an axis in a cell: its own, or the one fixed for all.</summary>
    /// <returns>Null where the axis is left free.</returns>
    public string? ValueOf(int cell, string axis)
    {
        for (var i = 0; i < Axes.Count; i++)
        {
            if (Axes[i].Name == axis)
                return ValuesOf(cell)[i];
        }

        return Fixed.GetValueOrDefault(axis);
    }

    /// <summary>Where another plan differs, in words; empty where it does not.</summary>
    public IReadOnlyList<string> DifferencesTo(CampaignPlan other)
    {
        using JsonDocument mine = JsonDocument.Parse(ToJson()), theirs = JsonDocument.Parse(other.ToJson());
        var (ours, others) = (Leaves(mine.RootElement, "").ToDictionary(), Leaves(theirs.RootElement, "").ToDictionary());
        return [.. ours.Keys.Union(others.Keys).Where(name => ours.GetValueOrDefault(name) != others.GetValueOrDefault(name))
            .Select(name => $"{name} {ours.GetValueOrDefault(name, "nothing")} -> {others.GetValueOrDefault(name, "nothing")}")];
    }

    /// <summary>The axes under their names, everything else under its own.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Leaves(JsonElement element, string name) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Leaves(property.Value, name.Length == 0 ? property.Name : $"{name}.{property.Name}")),
        JsonValueKind.Array when element.GetArrayLength() > 0 && element[0].ValueKind == JsonValueKind.Object =>
            element.EnumerateArray().SelectMany(axis => Leaves(axis.GetProperty("values"), $"{name}.{axis.GetProperty("name")}")),
        _ => [new(name, element.GetRawText().Replace("\n", "", StringComparison.Ordinal).Replace("  ", "", StringComparison.Ordinal))],
    };
}
