using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Expected sums by <see cref="ExpectedSumKernels"/>, for families whose own kernel multiplies bytes only.</summary>
internal sealed class ExpectedSums(Accelerator accelerator, int group) : IDisposable
{
    private readonly Action<Index2D, ArrayView<int>, OperandLayout, int, ArrayView<int>> _encode =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index2D, ArrayView<int>, OperandLayout, int, ArrayView<int>>(ExpectedSumKernels.Encode, group);

    private readonly Action<Index2D, ArrayView<int>, OperandLayout, ArrayView<int>, ArrayView<int>, int, int> _expect =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index2D, ArrayView<int>, OperandLayout, ArrayView<int>, ArrayView<int>, int, int>(ExpectedSumKernels.Expect, group);

    private readonly DeviceBuffer _lines = new(accelerator);

    /// <summary>Words that hold some tiles' summed lines.</summary>
    public static int LinesLength(int tiles, int words) => checked(tiles * words * 4);

    /// <summary>Sums the lines of W.</summary>
    public void Encode(IlgpuWeights weights) =>
        _encode(new Index2D(weights.LineWords, IlgpuWeights.TilesIn(weights.N, weights.Tile)), weights.Words, weights.Layout, weights.Tile, weights.Lines);

    /// <summary>Expected sums of a product.</summary>
    public void Expect(ProductLaunch launch)
    {
        var e = launch.Extents;
        var layout = OperandLayout.RowMajor(e.Rows, e.Words);
        var tileRows = IlgpuWeights.TilesIn(e.Rows, e.Tile);
        var lines = _lines.Take(LinesLength(tileRows, e.Words));
        _encode(new Index2D(e.Words, tileRows), launch.A, layout, e.Tile, lines);
        _expect(new Index2D(e.Rows, IlgpuWeights.TilesIn(e.Columns, e.Tile)), launch.A, layout, launch.Weights.Lines, launch.Sums.ExpectedRows, e.TileStride, 1);
        _expect(new Index2D(e.Columns, tileRows), launch.Weights.Words, launch.Weights.Layout, lines, launch.Sums.ExpectedColumns, 1, e.Stride);
    }

    /// <inheritdoc/>
    public void Dispose() => _lines.Dispose();
}
