using System.Globalization;
using System.Text.Json;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The tables of docs/decoding.md say of the host's time what the result file beside them says.</summary>
public sealed class DecodingTableTests
{
    private static readonly string[] Layers = ["qkv", "proj", "fc1", "fc2"], Lines = File.ReadAllLines(Path.Combine(Documentation.Root, "docs", "decoding.md"));

    private static readonly List<Cost> Costs = Read();

    [TestCase("plain, 32", "plain")]
    [TestCase("plain, 64", "64x64")]
    [TestCase("odd-64", "odd-64")]
    [TestCase("odd, 128", "odd")]
    public void A_code_costs_what_was_measured(string name, string code) => Assert.That(
        Cells($"| {name} |")[^2..], Is.EqualTo([Joined(code, cost => cost.Sums), Joined(code, cost => cost.All)]));

    [TestCase("32", "plain")]
    [TestCase("64", "64x64")]
    public void An_edge_costs_what_was_measured(string edge, string code) => Assert.That(
        Cells($"| {edge} |")[2..4], Is.EqualTo([Joined(code, cost => cost.Sums), Joined(code, cost => cost.All)]));

    [TestCaseSource(nameof(Layers))]
    public void A_layer_costs_what_was_measured(string layer)
    {
        Cost[] costs = [Of(layer, "plain"), Of(layer, "64x64"), Of(layer, "weighted")];
        Assert.That(Cells($"| {layer} ")[1..], Is.EqualTo([Text(costs[0].Milliseconds, 2), .. costs.SelectMany(cost => (string[])[Text(cost.Sums, 1), Text(cost.All, 1)])]));
    }

    private static string[] Cells(string beginning) => Lines.Single(line => line.StartsWith(beginning, StringComparison.Ordinal)).Split('|', StringSplitOptions.TrimEntries)[1..^1];

    private static string Joined(string code, Func<Cost, double> value) => string.Join(" / ", Layers.Select(layer => Text(value(Of(layer, code)), 1)));

    private static Cost Of(string layer, string code) => Costs.Single(cost => cost.Layer == $"DiT-XL {layer}" && cost.Code == code);

    private static string Text(double value, int digits) => value.ToString($"F{digits}", CultureInfo.InvariantCulture);

    private static List<Cost> Read()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Documentation.Root, "docs", "results", "decoding", "zen5-host-cost.json")));
        return
        [
            .. document.RootElement.EnumerateArray().Select(cost => new Cost(
                cost.GetProperty("layer").GetString()!, cost.GetProperty("code").GetString()!, 1000 * cost.GetProperty("plainSeconds").GetDouble(),
                cost.GetProperty("sums").GetDouble(), cost.GetProperty("all").GetProperty("median").GetDouble())),
        ];
    }

    private sealed record Cost(string Layer, string Code, double Milliseconds, double Sums, double All);
}
