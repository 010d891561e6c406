using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Products by <see cref="DirectKernel"/>: for every device.</summary>
internal sealed class DirectFamily(Accelerator accelerator, int group) : KernelFamily
{
    private readonly Action<Index1D, ArrayView<int>, ArrayView<int>, int> _widen =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>, int>(PairRows.Widen, group);

    private readonly Action<Index2D, ArrayView<int>, OperandLayout, int, ArrayView<int>, int> _encode =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index2D, ArrayView<int>, OperandLayout, int, ArrayView<int>, int>(PairRows.Encode, group);

    private readonly Action<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents> _multiply =
        accelerator.LoadImplicitlyGroupedStreamKernel<
            Index1D, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents>(DirectKernel.Run, group);

    private readonly Action<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents> _expect =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<int>, GemmExtents>(DirectKernel.Expect, group);

    private readonly DeviceBuffer _pairs = new(accelerator);

    /// <inheritdoc/>
    public override string Name => "direct";

    /// <inheritdoc/>
    public override int RowUnit => DirectTile.Rows;

    /// <inheritdoc/>
    public override int ColumnUnit => DirectTile.Columns;

    /// <inheritdoc/>
    public override int WordUnit => 1;

    /// <inheritdoc/>
    public override bool Suits(int tile) => true;

    /// <inheritdoc/>
    public override OperandLayout WeightLayout(int n, int words) => OperandLayout.Interleaved(n, DirectTile.Columns, words);

    /// <inheritdoc/>
    public override int LinesLength(int tiles, int words) => PairRows.Length(tiles, DirectTile.Columns, words);

    /// <inheritdoc/>
    public override void Encode(IlgpuWeights weights)
    {
        var tiles = IlgpuWeights.TilesIn(weights.N, weights.Tile);
        _encode(new Index2D(weights.LineWords, tiles), weights.Words, weights.Layout, weights.Tile, weights.Lines, DirectTile.Columns);
    }

    /// <inheritdoc/>
    public override void Multiply(ProductLaunch launch)
    {
        var e = launch.Extents;
        var tileRows = IlgpuWeights.TilesIn(e.Rows, e.Tile);
        // The whole buffer: ILGPU clears no part of one in OpenCL.
        if (e.Tile > 0)
            launch.AllSums.MemSetToZero();
        int summedAt = PairRows.Length(e.PaddedRows, DirectTile.Rows, e.Words), summed = PairRows.Length(tileRows, DirectTile.Rows, e.Words);
        var pairs = _pairs.Take(summedAt + summed);
        _widen(FlatIndex.Count(e.Words, e.PaddedRows), launch.A, pairs, e.Words);
        if (e.Tile > 0)
        {
            _encode(new Index2D(e.Words, tileRows), launch.A, OperandLayout.RowMajor(e.Rows, e.Words), e.Tile, pairs.SubView(summedAt, summed), DirectTile.Rows);
            _expect(e.TileStride / DirectTile.Columns * (e.PaddedRows / DirectTile.Rows), pairs, launch.Weights.Lines, launch.Sums.ExpectedRows, e);
        }

        var tilesDown = (e.PaddedRows + IlgpuWeights.RoundUp(tileRows, DirectTile.Rows)) / DirectTile.Rows;
        _multiply(
            e.Stride / DirectTile.Columns * tilesDown,
            pairs, launch.Weights.Words, launch.Plan, launch.C, launch.Sums.ObservedRows, launch.Sums.ObservedColumns, launch.Sums.ExpectedColumns, e);
    }

    /// <inheritdoc/>
    public override void Dispose() => _pairs.Dispose();
}
