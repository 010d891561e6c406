using System.Text.Json;
using Drift.Bench;

namespace Drift.Tests;

/// <summary>A result file of docs/results, as far as tables of docs/ quote it.</summary>
internal sealed class ResultFile(string name)
{
    private readonly List<JsonElement> _results = Read(name);

    /// <summary>The one result of a shape under a protection whose rival has this name.</summary>
    public JsonElement Find(string shape, string protection, string rival, string? what = null, string? type = null) => _results.Single(result =>
        ShapeOf(result) == shape && Is(result, "protection", protection) && Is(result, "rivalName", rival) && (what is null || Is(result, "what", what)) && (type is null || Is(result, "type", type)));

    /// <summary>The one result of a shape under a protection that stands beside no other.</summary>
    public JsonElement Unpaired(string shape, string protection) =>
        _results.Single(result => ShapeOf(result) == shape && Is(result, "protection", protection) && result.GetProperty("rivalName").ValueKind == JsonValueKind.Null);

    /// <summary>The one result with this label under a protection, of a file of overheads.</summary>
    public JsonElement Labelled(string label, string protection) => _results.Single(result => Is(result, "label", label) && Is(result, "protection", protection));

    /// <summary>A ratio as tables have it.</summary>
    public string Ratio(string shape, string protection, string rival, int digits = 2, string? what = null, string? type = null) =>
        Text(Find(shape, protection, rival, what, type).GetProperty("ratio").GetDouble(), digits);

    /// <summary>A figure with so many digits behind its point.</summary>
    public static string Text(double value, int digits) => Numerals.Of(Math.Round(value, digits), $"F{digits}");

    private static bool Is(JsonElement result, string property, string value) => result.GetProperty(property).GetString() == value;

    private static string ShapeOf(JsonElement result) => $"{result.GetProperty("m")} x {result.GetProperty("n")} x {result.GetProperty("k")}";

    private static List<JsonElement> Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Documentation.Root, "docs", "results", $"{name}.json")));
        return [.. document.RootElement.GetProperty("results").EnumerateArray().Select(result => result.Clone())];
    }
}
