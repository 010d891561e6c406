using System.Runtime.InteropServices;
using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>What one launch of a product works on.</summary>
/// <param name="A">A as words [padded rows, words].</param>
/// <param name="Weights">W.</param>
/// <param name="Plan">Starts of the fault blocks, the end, then the flips.</param>
/// <param name="C">Takes C [padded rows, stride].</param>
/// <param name="AllSums">Where all sums go, as one buffer; what stands there is forgotten.</param>
/// <param name="Sums">The same by kind.</param>
/// <param name="Extents">Extents.</param>
internal readonly record struct ProductLaunch(ArrayView<int> A, IlgpuWeights Weights, ArrayView<int> Plan, ArrayView<int> C, ArrayView<int> AllSums, SumViews Sums, GemmExtents Extents)
{
    /// <summary>The sums of A's lines within each tile, where quantising left them; null where they are to be made.</summary>
    public ArrayView<int>? Lines { get; init; }
}

/// <summary>What quantising works on.</summary>
/// <param name="Values">[rows, width].</param>
/// <param name="Largest">A group's largest magnitude as bits.</param>
/// <param name="Codes">Takes words [padded rows, words].</param>
/// <param name="Lines">Takes the codes' sums within each tile, as a family has them (<see cref="KernelFamily.LinesLength"/>).</param>
/// <param name="Extents">Extents, the tile that of the checks, or 0.</param>
internal readonly record struct QuantiseLaunch(ArrayView<float> Values, ArrayView<int> Largest, ArrayView<int> Codes, ArrayView<int> Lines, QuantiseExtents Extents);

/// <summary>A way of multiplying on a device: how operands are padded and laid out, and the kernels that read them so.</summary>
internal abstract class KernelFamily : IDisposable
{
    /// <summary>Name, as devices are described.</summary>
    public abstract string Name { get; }

    /// <summary>Rows of A and C are padded to a multiple of this.</summary>
    public abstract int RowUnit { get; }

    /// <summary>Columns of C are padded to a multiple of this.</summary>
    public abstract int ColumnUnit { get; }

    /// <summary>Words of K are padded to a multiple of this.</summary>
    public abstract int WordUnit { get; }

    /// <summary>Whether the kernel can sum the lines of such tiles.</summary>
    /// <param name="tile">Edge of a checksum tile, or 0.</param>
    public abstract bool Suits(int tile);

    /// <summary>Where the words of W stand.</summary>
    /// <param name="n">Lines of W.</param>
    /// <param name="words">Words of a line, padded.</param>
    public abstract OperandLayout WeightLayout(int n, int words);

    /// <summary>Words that hold the summed lines of W.</summary>
    /// <param name="tiles">Tiles from left to right.</param>
    /// <param name="words">Words of a line, padded.</param>
    public abstract int LinesLength(int tiles, int words);

    /// <summary>Sums the lines of W within each tile.</summary>
    /// <param name="weights">W, there already.</param>
    public abstract void Encode(IlgpuWeights weights);

    /// <summary>Quantises activations and sums their lines in the same pass, where the family has a kernel for both.</summary>
    /// <param name="launch">Values and results.</param>
    /// <returns>Whether it has.</returns>
    public virtual bool Quantises(QuantiseLaunch launch) => false;

    /// <summary>Multiplies, flips, stores and sums.</summary>
    /// <param name="launch">Operands and results.</param>
    public abstract void Multiply(ProductLaunch launch);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Lays out W [n, k], padding zero.</summary>
    /// <param name="weights">W, row-major.</param>
    /// <param name="k">Values of a line.</param>
    /// <param name="layout">Where its words go.</param>
    /// <param name="words">Takes them.</param>
    public static void Pack(ReadOnlySpan<sbyte> weights, int k, OperandLayout layout, Span<int> words)
    {
        words.Clear();
        var bytes = MemoryMarshal.Cast<int, sbyte>(words);
        for (var line = 0; line < layout.Lines; line++)
        {
            for (var p = 0; p < k; p++)
                bytes[(OperandLayout.At(layout, line, p / 4) * 4) + (p % 4)] = weights[(line * k) + p];
        }
    }
}
