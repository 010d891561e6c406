namespace Drift.Models;

/// <summary>INT8 weights before a backend packs them.</summary>
/// <param name="Codes">[N, K], row-major.</param>
/// <param name="Scales">N scales.</param>
public sealed record QuantisedCodes(sbyte[] Codes, float[] Scales);

/// <summary>Keeps INT8 weights from run to run, found again by what they were made of. Serves all threads.</summary>
public interface IWeightCache
{
    /// <summary>The codes of weights, from the cache where it has them whole, else made and kept.</summary>
    /// <param name="weights">What they are made of.</param>
    /// <param name="groups">Which weights share a scale.</param>
    /// <param name="make">Makes them.</param>
    QuantisedCodes Get(WeightRows weights, ScaleGroups groups, Func<QuantisedCodes> make);
}
