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
        var pairs = Widen(launch);
        Multiply(launch, pairs, e.PaddedRows + IlgpuWeights.RoundUp(IlgpuWeights.TilesIn(e.Rows, e.Tile), DirectTile.Rows), e);
    }

    /// <summary>Clears the sums and multiplies the expected ones, without the product.</summary>
    /// <param name="launch">Operands and results, with a tile.</param>
    public void Expect(ProductLaunch launch)
    {
        var e = launch.Extents;
        int above = PairRows.Length(e.PaddedRows, DirectTile.Rows, e.Words), rows = IlgpuWeights.RoundUp(IlgpuWeights.TilesIn(e.Rows, e.Tile), DirectTile.Rows);
        Multiply(launch, Widen(launch).SubView(above, PairRows.Length(rows, DirectTile.Rows, e.Words)), rows, e with { PaddedRows = 0 });
    }

    private void Multiply(ProductLaunch launch, ArrayView<int> pairs, int rows, GemmExtents e) => _multiply(
        e.Stride / DirectTile.Columns * (rows / DirectTile.Rows),
        pairs, launch.Weights.Words, launch.Plan, launch.C, launch.Sums.ObservedRows, launch.Sums.ObservedColumns, launch.Sums.ExpectedColumns, e);

    /// <summary>A as pairs. With a tile its summed rows stand below, the expected row sums are multiplied, and the observed ones are zero.</summary>
    private ArrayView<int> Widen(ProductLaunch launch)
    {
        var e = launch.Extents;
        var tileRows = IlgpuWeights.TilesIn(e.Rows, e.Tile);
        // The whole buffer: ILGPU clears no part of one in OpenCL.
        if (e.Tile > 0)
            launch.AllSums.MemSetToZero();
        int summedAt = PairRows.Length(e.PaddedRows, DirectTile.Rows, e.Words), summed = PairRows.Length(tileRows, DirectTile.Rows, e.Words);
        var pairs = _pairs.Take(summedAt + summed);
        _widen(FlatIndex.Count(e.Words, e.PaddedRows), launch.A, pairs, e.Words);
        if (e.Tile == 0)
            return pairs;
        _encode(new Index2D(e.Words, tileRows), launch.A, OperandLayout.RowMajor(e.Rows, e.Words), e.Tile, pairs.SubView(summedAt, summed), DirectTile.Rows);
        _expect(e.TileStride / DirectTile.Columns * (e.PaddedRows / DirectTile.Rows), pairs, launch.Weights.Lines, launch.Sums.ExpectedRows, e);
        return pairs;
    }

    /// <inheritdoc/>
    public override void Dispose() => _pairs.Dispose();
}
