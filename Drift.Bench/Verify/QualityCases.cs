using System.Text.Json;
using System.Text.Json.Serialization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Pairs of pictures with their PSNR and SSIM: <c>pairs.json</c>.</summary>
internal sealed class QualityCases : ICaseKind
{
    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        var list = Path.Combine(folder, "pairs.json");
        return File.Exists(list) ? CaseFiles.JsonList<Pair>(list).Select(pair => new Case($"{label}/{pair.Name}", folder, list, pair)) : [];
    }

    private sealed record Pair(
        [property: JsonRequired] string Name,
        [property: JsonRequired] string A,
        [property: JsonRequired] string B,
        [property: JsonRequired] double Mse,
        [property: JsonRequired] JsonElement Psnr,
        [property: JsonRequired, JsonPropertyName("ssim_gaussian")] double SsimGaussian,
        [property: JsonRequired, JsonPropertyName("ssim_uniform7")] double SsimUniform);

    private sealed class Case(string name, string folder, string list, Pair pair)
        : VerificationCase(name, list, Path.Combine(folder, pair.A), Path.Combine(folder, pair.B))
    {
        private const double Tolerance = 1e-9;

        public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
        {
            var png = new SkiaPictures();
            Picture a = png.Read(Files[1]), b = png.Read(Files[2]);
            // Equal pictures stand in the list as the string "inf", for JSON has no infinity.
            var psnr = pair.Psnr.ValueKind == JsonValueKind.Number ? pair.Psnr.GetDouble() : double.PositiveInfinity;
            yield return OutputCheck.Relative("mse", Psnr.MeanSquaredError(a, b), pair.Mse, Tolerance);
            yield return OutputCheck.Relative("psnr", Psnr.Between(a, b), psnr, Tolerance);
            yield return OutputCheck.Absolute("ssim_gaussian", Ssim.Gaussian(a, b), pair.SsimGaussian, Tolerance);
            yield return OutputCheck.Absolute("ssim_uniform7", Ssim.Uniform(a, b), pair.SsimUniform, Tolerance);
        }
    }
}
