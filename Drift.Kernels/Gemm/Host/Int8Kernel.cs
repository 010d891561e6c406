namespace Drift.Kernels;

/// <summary>A micro-kernel of the INT8 product. C is written in whole vectors: it has room for whole panels.</summary>
internal abstract class Int8Kernel : MicroKernel
{
    /// <inheritdoc/>
    public sealed override int RowGroupBytes => Depth;

    /// <summary>What the bytes of A are XORed with before the kernel reads them.</summary>
    public virtual byte Flip => 0;

    /// <summary>Whether digits are put together where they are multiplied; where not, their products are stored like others.</summary>
    public virtual bool JoinsDigits => false;

    /// <summary>Packs a group of one column: at most <see cref="MicroKernel.Depth"/> weights, missing ones zero.</summary>
    public abstract int PackGroup(ReadOnlySpan<sbyte> weights);

    /// <summary>What every accumulator of a column starts from, given the sum of the column's weights.</summary>
    public abstract int InitialValue(int weightSum);
}
