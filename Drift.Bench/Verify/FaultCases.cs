using System.Text.Json.Serialization;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Quantised layers under bit flips: <c>cases.json</c> with a safetensors file for each entry.</summary>
internal sealed class FaultCases : ICaseKind
{
    private const string List = "cases.json";

    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        var list = Path.Combine(folder, List);
        return File.Exists(list)
            ? CaseFiles.JsonList<FaultCaseEntry>(list).Select(entry =>
                new FaultCase($"{label}/{entry.Name}", list, Path.Combine(folder, $"{entry.Name}.safetensors"), entry))
            : [];
    }
}

/// <summary>An entry of cases.json.</summary>
/// <param name="Name">The file's name without its ending.</param>
/// <param name="M">Rows of the product.</param>
/// <param name="N">Columns of the product.</param>
/// <param name="K">Summed extent.</param>
/// <param name="XScale">"tensor" or "token": one activation scale, or one a row.</param>
/// <param name="WScale">"tensor" or "channel": one weight scale, or one a row of W.</param>
/// <param name="YScale">"tensor" or "token": one output scale, or one a row.</param>
/// <param name="Tile">Edge of a checksum tile.</param>
/// <param name="Threshold">Least deviation that flags a line.</param>
/// <param name="Checkpoint">Whether there is an earlier output.</param>
/// <param name="Kernel">Edge of a convolution's window; 0 for a linear layer.</param>
/// <param name="Stride">Step of the window.</param>
/// <param name="Padding">Zeros around the picture.</param>
internal sealed record FaultCaseEntry(
    [property: JsonRequired] string Name,
    [property: JsonRequired] int M,
    [property: JsonRequired] int N,
    [property: JsonRequired] int K,
    [property: JsonRequired, JsonPropertyName("x_scale")] string XScale,
    [property: JsonRequired, JsonPropertyName("w_scale")] string WScale,
    [property: JsonRequired, JsonPropertyName("y_scale")] string YScale,
    [property: JsonRequired] int Tile,
    [property: JsonRequired] int Threshold,
    [property: JsonRequired] bool Checkpoint,
    int Kernel = 0,
    int Stride = 1,
    int Padding = 0)
{
    private const int Largest = 1 << 15;

    /// <summary>What the list counts in the case's arrays; null where it does not.</summary>
    public int? Faults { get; init; }

    /// <summary>Accumulators that the flips changed.</summary>
    public int? Harmed { get; init; }

    /// <summary>Flagged rows of tiles.</summary>
    [JsonPropertyName("flagged_rows")]
    public int? FlaggedRows { get; init; }

    /// <summary>Flagged columns of tiles.</summary>
    [JsonPropertyName("flagged_cols")]
    public int? FlaggedColumns { get; init; }

    /// <summary>Masked elements.</summary>
    public int? Masked { get; init; }

    /// <summary>Masked elements that no flip changed.</summary>
    [JsonPropertyName("masked_unharmed")]
    public int? MaskedUnharmed { get; init; }

    /// <summary>Changed elements that nothing masks.</summary>
    [JsonPropertyName("harmed_unmasked")]
    public int? HarmedUnmasked { get; init; }

    /// <summary>Elements that ApproxABFT masks.</summary>
    [JsonPropertyName("approxabft_masked")]
    public int? ApproxMasked { get; init; }

    /// <summary>INT8 outputs that differ from the clean ones, by the method whose array ends in _int8; null where the list does not count them.</summary>
    [JsonPropertyName("wrong_int8")]
    public IReadOnlyDictionary<string, int>? WrongCodes { get; init; }

    /// <summary>Refuses extents and scales that no layer has.</summary>
    /// <exception cref="UserErrorException">An extent is out of range, or a scale is none of those that exist.</exception>
    public void Require(string list)
    {
        foreach (var (what, value, least, most) in new[]
        {
            ("m", M, 1, Largest), ("n", N, 1, Largest), ("k", K, 1, Largest), ("tile", Tile, 1, GemmWeights.LargestTile), ("threshold", Threshold, 1, int.MaxValue),
            ("kernel", Kernel, 0, Largest), ("stride", Stride, 1, Largest), ("padding", Padding, 0, Largest),
        })
        {
            if (value < least || value > most)
                throw new UserErrorException($"{list}: {Name}: {what} is {value}; expected {least} to {most}");
        }

        foreach (var (what, value, grouped) in new[] { ("x_scale", XScale, "token"), ("w_scale", WScale, "channel"), ("y_scale", YScale, "token") })
        {
            if (value != "tensor" && value != grouped)
                throw new UserErrorException($"{list}: {Name}: {what} is '{value}'; expected tensor or {grouped}");
        }
    }
}
