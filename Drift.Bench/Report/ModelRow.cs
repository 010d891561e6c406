using System.Text.Json.Serialization;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A product of a forward pass of one sample.</summary>
/// <param name="Block">The block that it stands in.</param>
/// <param name="Kind">The layer's role, or attention.</param>
/// <param name="Index">Tells layers of one block and role apart; null for attention.</param>
/// <param name="M">Rows.</param>
/// <param name="N">Columns of the result.</param>
/// <param name="K">The summed dimension.</param>
/// <param name="Count">Products of this shape: heads.</param>
/// <param name="Macs">Multiply-accumulates of all.</param>
/// <param name="WeightBytes">Weights in INT8.</param>
/// <param name="Sensitivity">What the paper found.</param>
/// <param name="Guarded">Whether it runs in INT8 past the safe point by default.</param>
internal sealed record ModelRow(int Block, string Kind, int? Index, int M, int N, int K, int Count, long Macs, long WeightBytes,
    [property: JsonConverter(typeof(JsonStringEnumConverter<Sensitivity>))] Sensitivity Sensitivity, bool Guarded)
{
    private const string Attention = "Attention";

    /// <summary>A product as a row.</summary>
    /// <param name="product">The product.</param>
    /// <param name="guarded">Which layers run past the safe point.</param>
    public static ModelRow Of(ForwardProduct product, Func<LayerKey, bool> guarded) => new(product.Block, product.Layer?.Role.ToString() ?? Attention, product.Layer?.Index,
        product.Shape.M, product.Shape.N, product.Shape.K, product.Count, product.Macs, product.Weights,
        product.Layer is { } layer ? Sensitivities.Of(layer) : Sensitivity.NotStudied, product.Layer is { } key && guarded(key));

    /// <summary>Whether another block has the same product at the same place.</summary>
    public bool IsLike(ModelRow other) => this with { Block = 0 } == other with { Block = 0 };
}

/// <summary>What <c>model --json</c> writes.</summary>
/// <param name="Class">The denoiser's class.</param>
/// <param name="Path">Its folder.</param>
/// <param name="MacsPerSample">Multiply-accumulates of a forward pass of one sample.</param>
/// <param name="Products">In order of execution.</param>
internal sealed record ModelResult(string Class, string Path, long MacsPerSample, IReadOnlyList<ModelRow> Products);
