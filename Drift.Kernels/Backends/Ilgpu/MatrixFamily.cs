using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Products by <see cref="MatrixKernel"/>: for NVIDIA GPUs with <see cref="TensorCores"/>.</summary>
internal sealed class MatrixFamily(Accelerator accelerator) : KernelFamily
{
    private readonly Action<KernelConfig, ArrayView<int>, ArrayView<int>, LineViews, ArrayView<int>, ArrayView<int>, SumViews, GemmExtents> _multiply =
        accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>, LineViews, ArrayView<int>, ArrayView<int>, SumViews, GemmExtents>(MatrixKernel.Run);

    private readonly Action<KernelConfig, ArrayView<int>, int, int, int, ArrayView<int>> _encode =
        accelerator.LoadStreamKernel<ArrayView<int>, int, int, int, ArrayView<int>>(DigitLines.Encode);

    private readonly DeviceBuffer _lines = new(accelerator);

    /// <inheritdoc/>
    public override string Name => "matrix";

    /// <inheritdoc/>
    public override int RowUnit => MatrixKernel.BlockRows;

    /// <inheritdoc/>
    public override int ColumnUnit => MatrixKernel.BlockColumns;

    /// <inheritdoc/>
    public override int WordUnit => MatrixKernel.SliceWords;

    /// <inheritdoc/>
    public override bool Suits(int tile) => tile % MatrixEpilogue.WarpColumns == 0 && tile <= DigitLines.LargestTile;

    /// <inheritdoc/>
    public override OperandLayout WeightLayout(int n, int words) => OperandLayout.RowMajor(n, words);

    /// <inheritdoc/>
    public override int LinesLength(int tiles, int words) => checked(DigitLines.Rows(tiles) * words);

    /// <inheritdoc/>
    public override void Encode(IlgpuWeights weights)
    {
        weights.Lines.MemSetToZero();
        Encode(weights.Words, weights.N, weights.LineWords, weights.Tile, weights.Lines);
    }

    /// <inheritdoc/>
    public override void Multiply(ProductLaunch launch)
    {
        var e = launch.Extents;
        // What no tile sums is multiplied too, and never stored: it needs no zeros.
        var lines = e.Tile == 0 ? launch.A : _lines.Take(LinesLength(IlgpuWeights.TilesIn(e.Rows, e.Tile), e.Words));
        if (e.Tile > 0)
            Encode(launch.A, e.Rows, e.Words, e.Tile, lines);
        _multiply(
            new KernelConfig(MatrixKernel.Groups(e), MatrixKernel.Threads),
            launch.A, launch.Weights.Words, new LineViews(lines, launch.Weights.Lines), launch.Plan, launch.C, launch.Sums, e);
    }

    /// <inheritdoc/>
    public override void Dispose() => _lines.Dispose();

    private void Encode(ArrayView<int> operand, int lines, int words, int tile, ArrayView<int> digits) => _encode(
        new KernelConfig(new Index2D(words / MatrixKernel.SliceWords, IlgpuWeights.TilesIn(lines, tile)), new Index2D(DigitLines.Threads, 1)), operand, lines, words, tile, digits);
}
