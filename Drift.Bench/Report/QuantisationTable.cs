using System.Globalization;
using System.Text.Json.Serialization;
using Drift.Models;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>A layer of <c>quantise-report</c>.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="N">Output features.</param>
/// <param name="K">Input features.</param>
/// <param name="Decibels">Signal to noise of its outputs with INT8 operands; null where they change nothing.</param>
/// <param name="SaturatedDecibels">The same where its outputs are INT8 too.</param>
internal sealed record QuantisationRow(string Layer, int N, int K, double? Decibels, double? SaturatedDecibels)
{
    /// <summary>Rows of layers, the worst first.</summary>
    public static IReadOnlyList<QuantisationRow> Of(IEnumerable<QuantisationError> errors) =>
        [.. errors.OrderBy(error => error.Decibels).Select(error => new QuantisationRow($"{error.Layer}", error.N, error.K, Finite(error.Decibels), Finite(error.SaturatedDecibels)))];

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>What <c>quantise-report --json</c> writes.</summary>
/// <param name="Model">The model.</param>
/// <param name="Scales">Which values share a scale.</param>
/// <param name="Layers">The layers, the worst first.</param>
internal sealed record QuantisationResult(string Model, [property: JsonConverter(typeof(JsonStringEnumConverter<ScaleGroups>))] ScaleGroups Scales, IReadOnlyList<QuantisationRow> Layers);

/// <summary>The table of <c>quantise-report</c>.</summary>
internal static class QuantisationTable
{
    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="result">What to print.</param>
    public static void Print(TextWriter output, QuantisationResult result)
    {
        var console = ReportConsole.On(output);
        var table = new Table().Border(TableBorder.Rounded).AddColumns("layer");
        foreach (var title in new[] { "N x K", "INT8 operands, dB", "and INT8 outputs, dB" })
            table.AddColumn(new TableColumn(title).RightAligned());
        foreach (var row in result.Layers)
            table.AddRow(row.Layer, $"{row.N} x {row.K}", Text(row.Decibels), Text(row.SaturatedDecibels));
        console.WriteLine($"{result.Model}: signal to quantisation noise of each layer's outputs on the inputs of an fp32 run, the worst first (measured); scales {(result.Scales == ScaleGroups.PerTensor ? "per tensor" : "per channel and token")}.");
        console.WriteWhole(table);
    }

    private static string Text(double? decibels) => decibels?.ToString("F1", CultureInfo.InvariantCulture) ?? "exact";
}
