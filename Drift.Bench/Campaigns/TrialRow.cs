using System.Text.Json;
using System.Text.Json.Serialization;

namespace Drift.Bench;

/// <summary>One trial: what it was, what happened, what came of it. With the plan it is enough to draw the picture again.</summary>
/// <param name="Plan">Hash of its plan.</param>
/// <param name="Cell">Its cell, 0 first.</param>
/// <param name="Trial">Its place in the cell, 0 first.</param>
/// <param name="Seed">Seed of the picture.</param>
/// <param name="FaultSeed">Seed of the faults.</param>
/// <param name="Faults">Flips injected.</param>
/// <param name="Flagged">Lines flagged.</param>
/// <param name="Mended">Elements replaced.</param>
/// <param name="Missed">Large faults that nothing covered.</param>
/// <param name="Steps">Steps that were computed; the rest were those of the clean run.</param>
/// <param name="Metrics">Values, in the plan's order.</param>
/// <param name="Digest">First digits of the SHA-256 of the picture's fp32 values.</param>
/// <param name="Milliseconds">Wall time of one thread.</param>
internal sealed record TrialRow(
    [property: JsonPropertyName("plan")] string Plan,
    [property: JsonPropertyName("c")] int Cell,
    [property: JsonPropertyName("t")] int Trial,
    [property: JsonPropertyName("seed")] ulong Seed,
    [property: JsonPropertyName("faultSeed")] ulong FaultSeed,
    [property: JsonPropertyName("faults")] long Faults,
    [property: JsonPropertyName("flagged")] long Flagged,
    [property: JsonPropertyName("mended")] long Mended,
    [property: JsonPropertyName("missed")] long Missed,
    [property: JsonPropertyName("steps")] int Steps,
    [property: JsonPropertyName("m")] IReadOnlyList<double> Metrics,
    [property: JsonPropertyName("sha")] string Digest,
    [property: JsonPropertyName("ms")] double Milliseconds) : IJournalRow<TrialRow>
{
    private static readonly JsonSerializerOptions Options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <inheritdoc/>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Options);

    /// <inheritdoc/>
    public static TrialRow FromJson(ReadOnlySpan<byte> line) => JsonSerializer.Deserialize<TrialRow>(line, Options)!;
}
