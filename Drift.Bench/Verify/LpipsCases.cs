using System.Text.Json.Serialization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>LPIPS of pairs of pictures: <c>lpips.json</c> beside <c>pairs.json</c> and the weights.</summary>
internal sealed class LpipsCases : ICaseKind
{
    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        var list = Path.Combine(folder, "lpips.json");
        if (!File.Exists(list))
            return [];
        var expected = CaseFiles.Json<Expectations>(list);
        var pairs = CaseFiles.JsonList<Pair>(Path.Combine(folder, "pairs.json")).ToDictionary(pair => pair.Name);
        // One network for all its pairs: VGG16's weights take a while to compute.
        var networks = new Dictionary<string, Lazy<Lpips>>
        {
            ["alex"] = new(() => Lpips.Load(Weights(folder, "lpips_alex.safetensors"), Weights(folder, "lpips_linear.safetensors"))),
            ["vgg"] = new(() => Vgg(expected.VggFirstSeed, Weights(folder, "lpips_linear.safetensors"))),
        };
        return expected.Distances.Select(distance => new Case($"{label}/lpips-{distance.Net}-{distance.Pair}", folder, list,
            pairs.GetValueOrDefault(distance.Pair) ?? throw new CaseFileException(list, $"pairs.json has no pair '{distance.Pair}'"),
            networks.GetValueOrDefault(distance.Net) ?? throw new CaseFileException(list, $"there is no network '{distance.Net}'; expected alex or vgg"), distance));
    }

    /// <summary>A file of weights beside the list, else the shipped one of its name: the script that makes these cases writes weights only where it is given none.</summary>
    private static string Weights(string folder, string name) =>
        Path.Combine(folder, name) is var own && !File.Exists(own) && DataFolder.At("fixtures", "quality", name) is var shipped && File.Exists(shipped) ? shipped : own;

    private static Lpips Vgg(long firstSeed, string linear) =>
        ModelWeights.Load([linear], weights => new Lpips(LpipsBackbone.Vgg(new CounterWeights(firstSeed).Read), weights.Read));

    private sealed record Pair([property: JsonRequired] string Name, [property: JsonRequired] string A, [property: JsonRequired] string B);

    private sealed record Expectations(
        [property: JsonRequired, JsonPropertyName("vgg_first_seed")] long VggFirstSeed,
        [property: JsonRequired] IReadOnlyList<Distance> Distances);

    private sealed record Distance(
        [property: JsonRequired] string Net,
        [property: JsonRequired] string Pair,
        [property: JsonRequired] double Lpips,
        [property: JsonRequired, JsonPropertyName("per_layer")] IReadOnlyList<double> PerLayer);

    private sealed class Case(string name, string folder, string list, Pair pair, Lazy<Lpips> network, Distance expected)
        : VerificationCase(name, list, Path.Combine(folder, pair.A), Path.Combine(folder, pair.B))
    {
        private const double Tolerance = 1e-4;

        public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
        {
            var png = new SkiaPictures();
            var layers = network.Value.ByLayer(png.Read(Files[1]), png.Read(Files[2]));
            yield return OutputCheck.Relative("lpips", layers.Sum(), expected.Lpips, Tolerance);
            yield return OutputCheck.Relative("per_layer", [.. layers.Select(layer => (float)layer)], [.. expected.PerLayer.Select(layer => (float)layer)], Tolerance);
        }
    }
}
