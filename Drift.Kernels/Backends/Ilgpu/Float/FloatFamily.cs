using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>One fp32 product on a device: operands interleaved, results, observed sums or their parts.</summary>
internal readonly record struct FloatLaunch(
    ArrayView<float> A, ArrayView<float> W, ArrayView<int> Plan, ArrayView<float> C, ArrayView<float> RowSums, ArrayView<float> ColumnSums, FloatExtents Extents);

/// <summary>The families of fp32 kernels.</summary>
internal enum FloatForm
{
    /// <summary><see cref="FloatDirectFamily"/>.</summary>
    Direct,

    /// <summary><see cref="FloatBlockFamily{TSize}"/> for GPUs.</summary>
    Block,

    /// <summary>The same kernel with the smallest block there is.</summary>
    SmallBlock,

    /// <summary>The same kernel with the block for products that would not fill a GPU with the large one.</summary>
    MediumBlock,
}

/// <summary>A way of multiplying fp32 on a device.</summary>
internal abstract class FloatFamily : IDisposable
{
    /// <summary>Name, as devices are described.</summary>
    public abstract string Name { get; }

    /// <summary>Rows of A that are interleaved; M is padded to whole groups.</summary>
    public abstract int RowGroup { get; }

    /// <summary>Columns of W that are interleaved; N is padded to whole groups.</summary>
    public abstract int ColumnGroup { get; }

    /// <summary>Summed rows of A that are interleaved, where there are so many.</summary>
    /// <param name="lines">Their number.</param>
    public virtual int RowLineGroup(int lines) => RowGroup;

    /// <summary>Summed columns of W that are interleaved, where there are so many.</summary>
    /// <param name="lines">Their number.</param>
    public virtual int ColumnLineGroup(int lines) => ColumnGroup;

    /// <summary>K is padded with zeros to a multiple of this.</summary>
    public abstract int DepthUnit { get; }

    /// <summary>
    /// Whether an item works on a stretch of memory, for devices that run a few items at once: it interleaves and sums rows of A, or adds up parts of sums of many lines. Else items that run together
    /// work on neighbours, and what would scatter them passes through shared memory.
    /// </summary>
    public abstract bool LongItems { get; }

    /// <summary>Columns of a layer's weights that are interleaved: the host's panels go up as they are where any grouping will do.</summary>
    public virtual int LayerColumnGroup => ColumnGroup;

    /// <summary>Columns that a part of an observed row sum covers.</summary>
    public abstract int PartColumns { get; }

    /// <summary>Rows that a part of an observed column sum covers.</summary>
    public abstract int PartRows { get; }

    /// <summary>Compiles one.</summary>
    public static FloatFamily Load(FloatForm form, Accelerator accelerator, int group) => form switch
    {
        FloatForm.Direct => new FloatDirectFamily(accelerator, group),
        // All that may run is compiled here, where a driver that refuses is told of.
        FloatForm.Block => new FloatBlockFamily<Block128>(accelerator, accelerator is CudaAccelerator ? new FloatBlockFamily<Block64>(accelerator) : null),
        FloatForm.MediumBlock => new FloatBlockFamily<Block64>(accelerator),
        _ => new FloatBlockFamily<Block16>(accelerator),
    };

    /// <summary>Whether the product leaves observed sums, not parts of them: row sums [padded rows, check columns], which are zero before, and column sums [check rows, Stride].</summary>
    /// <param name="tile">Edge of a checksum tile, or 0.</param>
    public virtual bool Sums(int tile) => false;

    /// <summary>This family, or a form of it that suits a product better.</summary>
    /// <param name="shape">The product.</param>
    public virtual FloatFamily For(GemmShape shape) => this;

    /// <summary>Frees what the family holds on the device.</summary>
    public abstract void Dispose();

    /// <summary>Multiplies, flips, stores and sums, whole or in parts (<see cref="Sums"/>); check rows and columns are multiplied with the product, in one launch.</summary>
    /// <param name="launch">Operands and results.</param>
    /// <param name="rows">Rows of C, padded to whole groups.</param>
    public abstract void Multiply(FloatLaunch launch, int rows);
}

/// <summary>fp32 products by <see cref="FloatDirectKernel"/>, of operands in any grouping that register tiles divide.</summary>
internal sealed class FloatDirectFamily(Accelerator accelerator, int group) : FloatFamily
{
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ArrayView<float>, FloatExtents> _kernel =
        accelerator.LoadImplicitlyGroupedStreamKernel<
            Index1D, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ArrayView<float>, FloatExtents>(FloatDirectKernel.Run, group);

    /// <inheritdoc/>
    public override string Name => "direct";

    /// <inheritdoc/>
    public override int RowGroup => FloatDirectKernel.Rows;

    /// <inheritdoc/>
    public override int ColumnGroup => FloatDirectKernel.Columns;

    /// <inheritdoc/>
    public override int ColumnLineGroup(int lines) => FloatDirectKernel.LineColumns;

    /// <inheritdoc/>
    public override int LayerColumnGroup => FloatWeights.PanelColumns;

    /// <inheritdoc/>
    public override int DepthUnit => 1;

    /// <inheritdoc/>
    public override bool LongItems => true;

    /// <inheritdoc/>
    public override int PartColumns => FloatDirectKernel.Columns;

    /// <inheritdoc/>
    public override int PartRows => FloatDirectKernel.Rows;

    /// <inheritdoc/>
    public override void Multiply(FloatLaunch launch, int rows)
    {
        var e = launch.Extents;
        var across = e.PaddedColumns / FloatDirectKernel.Columns + (e.Stride - e.PaddedColumns) / FloatDirectKernel.LineColumns;
        _kernel(across * (rows / FloatDirectKernel.Rows), launch.A, launch.W, launch.Plan, launch.C, launch.RowSums, launch.ColumnSums, e);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
