using System.Runtime.CompilerServices;

namespace Drift.Kernels;

/// <summary>Some queries of a block.</summary>
/// <param name="Sample">Their sample.</param>
/// <param name="Head">The head.</param>
/// <param name="Product">Sample and head as one number, samples first.</param>
/// <param name="Block">Their block of queries.</param>
/// <param name="First">The first of them within the sample.</param>
/// <param name="Rows">How many.</param>
internal readonly record struct AttentionPlace(int Sample, int Head, int Product, int Block, int First, int Rows)
{
    /// <summary>Inverts the planned bits of these rows and some columns.</summary>
    /// <param name="plans">A plan a product; null for none.</param>
    /// <param name="firstColumn">First column.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="values">The value at the first row and column.</param>
    /// <param name="stride">Values between rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Toggle(IReadOnlyList<FaultPlan>? plans, int firstColumn, int columns, float* values, nint stride)
    {
        if (plans is null || plans[Product] is not { IsEmpty: false } plan)
            return;
        foreach (var flip in plan.All)
        {
            if (flip.Row >= First && flip.Row < First + Rows && flip.Column >= firstColumn && flip.Column < firstColumn + columns)
                ((int*)values)[(flip.Row - First) * stride + flip.Column - firstColumn] ^= flip.Mask;
        }
    }
}
