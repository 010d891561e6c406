using System.Text.Json;
using System.Text.Json.Serialization;
using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>One picture of a trial, as a table's journal takes it down: where it belongs, and what it is worth beside its nominal twin.</summary>
/// <param name="Run">What the table is made with: program, models and budget.</param>
/// <param name="Drawing">Which of the table's drawings, 0 first.</param>
/// <param name="Trial">Its trial in the drawing, 0 first.</param>
/// <param name="Picture">The picture, 0 first.</param>
/// <param name="Error">Root mean square difference, grey levels of 255. Measured.</param>
/// <param name="Distance">Feature distance in LPIPS' form; null where no shipped network sees such pictures. Measured.</param>
/// <param name="Clip">CLIP score; null where the picture has no prompt or no CLIP is at hand. Measured.</param>
/// <param name="Faults">Flips injected.</param>
/// <param name="Exact">Flips taken back exactly.</param>
/// <param name="Missed">Large errors left.</param>
/// <param name="Cost">What it cost, weights aside. Modelled.</param>
internal sealed record PictureScore(
    [property: JsonPropertyName("run")] string Run,
    [property: JsonPropertyName("d")] int Drawing,
    [property: JsonPropertyName("t")] int Trial,
    [property: JsonPropertyName("p")] int Picture,
    [property: JsonPropertyName("error")] double Error,
    [property: JsonPropertyName("distance")] double? Distance,
    [property: JsonPropertyName("clip")] double? Clip,
    [property: JsonPropertyName("faults")] long Faults,
    [property: JsonPropertyName("exact")] long Exact,
    [property: JsonPropertyName("missed")] long Missed,
    [property: JsonPropertyName("cost")] Cost Cost) : IJournalRow<PictureScore>
{
    /// <summary>Sums of a cost follow from its parts, so they are not taken down.</summary>
    private static readonly JsonSerializerOptions Options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, IgnoreReadOnlyProperties = true };

    /// <inheritdoc/>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Options);

    /// <inheritdoc/>
    public static PictureScore FromJson(ReadOnlySpan<byte> line) => JsonSerializer.Deserialize<PictureScore>(line, Options)!;
}
