using Drift.Kernels;

namespace Drift.Models;

/// <summary>How much a fault in a layer harms the picture, as the paper found by injecting into one place at a time (its resilience curves for DiT).</summary>
public enum Sensitivity
{
    /// <summary>The paper injected nothing here.</summary>
    NotStudied,

    /// <summary>A layer of a block behind the first: tolerates about a hundred times the rate of the sensitive ones.</summary>
    Resilient,

    /// <summary>A layer of the first block.</summary>
    FirstBlock,

    /// <summary>An embedding, which every block reads.</summary>
    Embedding,
}

/// <summary>Which layers are sensitive.</summary>
public static class Sensitivities
{
    /// <summary>The class of a layer.</summary>
    /// <param name="layer">The layer.</param>
    public static Sensitivity Of(LayerKey layer) => layer.Role switch
    {
        GemmRole.TimestepEmbedding or GemmRole.SizeEmbedding or GemmRole.CaptionProjection or GemmRole.PatchEmbedding => Sensitivity.Embedding,
        GemmRole.Query or GemmRole.Key or GemmRole.Value or GemmRole.Output or GemmRole.CrossQuery or GemmRole.CrossKey or GemmRole.CrossValue or GemmRole.CrossOutput
            or GemmRole.FeedForward1 or GemmRole.FeedForward2 => layer.Block == 0 ? Sensitivity.FirstBlock : Sensitivity.Resilient,
        _ => Sensitivity.NotStudied,
    };
}
