using System.Text.Json.Serialization;

namespace Drift.Bench;

/// <summary>What became of a claim.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
internal enum Verdict
{
    /// <summary>The rule holds in full.</summary>
    Reproduced,

    /// <summary>The rule's weaker form holds.</summary>
    ReproducedInShape,

    /// <summary>Neither form holds.</summary>
    NotReproduced,

    /// <summary>There is no quoted figure, or what was measured does not decide.</summary>
    CannotBeJudgedHere,
}

/// <summary>A claim of the paper and what became of it here.</summary>
/// <param name="Statement">The claim.</param>
/// <param name="Paper">The paper's figure; empty where none is quoted.</param>
/// <param name="Ours">Ours beside it, with its kind.</param>
/// <param name="Verdict">What became of it, worked out by the rule.</param>
/// <param name="Rule">The rule.</param>
internal sealed record Claim(string Statement, string Paper, string Ours, Verdict Verdict, string Rule)
{
    /// <summary>A verdict in words.</summary>
    public static string Words(Verdict verdict) => verdict switch
    {
        Verdict.Reproduced => "reproduced",
        Verdict.ReproducedInShape => "reproduced in shape",
        Verdict.NotReproduced => "not reproduced",
        _ => "cannot be judged here",
    };
}
