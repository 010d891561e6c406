using System.Text.Json.Serialization;

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

    /// <summary>Refuses extents that no layer has.</summary>
    /// <exception cref="UserErrorException">An extent is out of range.</exception>
    public void Require(string list)
    {
        foreach (var (what, value, least) in new[]
        {
            ("m", M, 1), ("n", N, 1), ("k", K, 1), ("tile", Tile, 1), ("kernel", Kernel, 0), ("stride", Stride, 1), ("padding", Padding, 0),
        })
        {
            if (value < least || value > Largest)
                throw new UserErrorException($"{list}: {Name}: {what} is {value}; expected {least} to {Largest}");
        }
    }
}
