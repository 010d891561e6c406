namespace Drift.Kernels;

/// <summary>A micro-kernel of the INT8 product. C is written in whole vectors: it has room for whole panels.</summary>
internal abstract unsafe class Int8Kernel : MicroKernel
{
    /// <inheritdoc/>
    public sealed override int RowGroupBytes => Depth;

    /// <summary>What the bytes of A are XORed with before the kernel reads them.</summary>
    public virtual byte Flip => 0;

    /// <summary>Whether digits are put together where they are multiplied; where not, their products are stored like others.</summary>
    public virtual bool JoinsDigits => false;

    /// <summary>Columns of a last panel of digits that <see cref="RunPairs"/> multiplies; 0 where there is none. Half those of a vector, which has two groups of K of each side by side.</summary>
    public virtual int PairedColumns => 0;

    /// <summary>Runs a tile of a panel of <see cref="PairedColumns"/>: the call's groups are pairs, and its digits are put together.</summary>
    /// <param name="call">The operands.</param>
    /// <param name="rows">Rows, 1..<see cref="MicroKernel.Rows"/>.</param>
    /// <exception cref="NotSupportedException">This kernel has no such panels.</exception>
    public virtual void RunPairs(TileCall* call, int rows) => throw new NotSupportedException($"{Name} has no panels of paired groups");

    /// <summary>Packs a group of one column: at most <see cref="MicroKernel.Depth"/> weights, missing ones zero.</summary>
    public abstract int PackGroup(ReadOnlySpan<sbyte> weights);

    /// <summary>What every accumulator of a column starts from, given the sum of the column's weights.</summary>
    public abstract int InitialValue(int weightSum);
}
