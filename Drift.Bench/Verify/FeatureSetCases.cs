using System.Text.Json.Serialization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Distances of feature sets: <c>features.json</c> beside the sets.</summary>
internal sealed class FeatureSetCases : ICaseKind
{
    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        var list = Path.Combine(folder, "features.json");
        return File.Exists(list)
            ? CaseFiles.JsonList<Pair>(list).Select(pair => new Case($"{label}/{Path.GetFileNameWithoutExtension(pair.File)} {pair.Sets}", list, Path.Combine(folder, pair.File), pair))
            : [];
    }

    private sealed record Pair(
        [property: JsonRequired] string File,
        [property: JsonRequired] string Sets,
        [property: JsonRequired, JsonPropertyName("frechet_eigh")] double Frechet,
        [property: JsonRequired] double Kid);

    private sealed class Case(string name, string list, string file, Pair pair) : VerificationCase(name, list, file)
    {
        /// <summary>Where a covariance is singular, its smallest eigenvalues are rounding errors, whose roots are not small.</summary>
        private const double Tolerance = 1e-8, SingularTolerance = 1e-5;

        public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
        {
            if (pair.Sets.Split(',') is not [var first, var second])
                throw new CaseFileException(list, $"sets are '{pair.Sets}'; expected two names, as x,y");
            using var arrays = SafetensorsFile.Open(file);
            FeatureSet x = arrays.ReadFeatures(first), y = arrays.ReadFeatures(second);
            var tolerance = Math.Min(x.Samples, y.Samples) > x.Dimensions ? Tolerance : SingularTolerance;
            // The distance of a set from itself has no size of its own: what is left is rounding of the variances, which cancel.
            var scale = first == second ? FrechetDistance.TotalVariance(x) : Math.Abs(pair.Frechet);
            yield return OutputCheck.Absolute("frechet", FrechetDistance.Between(x, y) / scale, pair.Frechet / scale, tolerance);
            yield return OutputCheck.Relative("kid", KernelDistance.Between(x, y), pair.Kid, Tolerance);
        }
    }
}
