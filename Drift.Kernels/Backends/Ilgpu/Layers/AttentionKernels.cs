using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>The extents of one sample's attention.</summary>
/// <param name="Tokens">Queries.</param>
/// <param name="Keys">Keys that a mask left.</param>
/// <param name="Heads">Heads.</param>
/// <param name="Depth">Values of a head.</param>
/// <param name="Scale">Factor of the scores.</param>
/// <param name="IsMasked">Whether some keys were left out: 1, else 0.</param>
internal readonly record struct AttentionExtents(int Tokens, int Keys, int Heads, int Depth, float Scale, int IsMasked);

/// <summary>
/// Attention of a sample, all heads at once: scores, their softmax, and the weighted values. Up to <see cref="AttentionBlocks.Keys"/> keys the bits are <see cref="DotProductAttention"/>'s, which splits
/// a softmax beyond them; here it stays whole.
/// </summary>
internal static class AttentionKernels
{
    /// <summary>Scores Q K^T, each a chain over a head's values.</summary>
    /// <param name="flat">X counts keys, Y queries of each head (<see cref="FlatIndex"/>).</param>
    /// <param name="queries">[tokens, heads x depth].</param>
    /// <param name="keys">[keys of the sample, heads x depth].</param>
    /// <param name="kept">The place of each key that a mask left; not read where there is none.</param>
    /// <param name="scores">Takes [heads, tokens, keys].</param>
    /// <param name="e">Extents.</param>
    public static void Score(Index1D flat, ArrayView<float> queries, ArrayView<float> keys, ArrayView<int> kept, ArrayView<float> scores, AttentionExtents e)
    {
        var index = FlatIndex.At(flat, e.Keys);
        int head = index.Y / e.Tokens, width = e.Heads * e.Depth;
        int q = index.Y % e.Tokens * width + head * e.Depth, k = Place(kept, index.X, e) * width + head * e.Depth;
        var sum = 0f;
        for (var i = 0; i < e.Depth; i++)
            sum = DeviceMath.FusedMultiplyAdd(queries[q + i], keys[k + i], sum);
        scores[index.Y * e.Keys + index.X] = sum;
    }

    /// <summary>Softmax of a row of scaled scores, its weights summed in sixteen lanes.</summary>
    /// <param name="row">A query of a head.</param>
    /// <param name="scores">[heads x tokens, keys]; become weights.</param>
    /// <param name="e">Extents.</param>
    public static void Softmax(Index1D row, ArrayView<float> scores, AttentionExtents e)
    {
        var at = row * e.Keys;
        var top = float.MinValue;
        for (var i = 0; i < e.Keys; i++)
            top = IntrinsicMath.Max(top, scores[at + i]);
        var sum = default(FloatLanes16);
        for (var first = 0; first < e.Keys; first += LaneMath.Lanes)
        {
            for (var i = first; i < IntrinsicMath.Min(first + LaneMath.Lanes, e.Keys); i++)
                scores[at + i] = LaneMath.ExpOfNonPositive((scores[at + i] - top) * e.Scale);
            sum = FloatLanes16.Add(sum, LaneMath.Load(scores, at + first, e.Keys - first, 0));
        }

        var share = 1 / LaneMath.Sum(sum);
        for (var i = 0; i < e.Keys; i++)
            scores[at + i] *= share;
    }

    /// <summary>Weights times values, each a chain over the keys.</summary>
    /// <param name="flat">X counts values of a head, Y queries of each head (<see cref="FlatIndex"/>).</param>
    /// <param name="weights">[heads x tokens, keys].</param>
    /// <param name="values">[keys of the sample, heads x depth].</param>
    /// <param name="kept">The place of each key that a mask left.</param>
    /// <param name="output">Takes [tokens, heads x depth].</param>
    /// <param name="e">Extents.</param>
    public static void Weigh(Index1D flat, ArrayView<float> weights, ArrayView<float> values, ArrayView<int> kept, ArrayView<float> output, AttentionExtents e)
    {
        var index = FlatIndex.At(flat, e.Depth);
        int head = index.Y / e.Tokens, width = e.Heads * e.Depth, column = head * e.Depth + index.X;
        var sum = 0f;
        for (var key = 0; key < e.Keys; key++)
            sum = DeviceMath.FusedMultiplyAdd(weights[index.Y * e.Keys + key], values[Place(kept, key, e) * width + column], sum);
        output[index.Y % e.Tokens * width + column] = sum;
    }

    private static int Place(ArrayView<int> kept, int key, AttentionExtents e) => e.IsMasked == 0 ? key : kept[key];
}
