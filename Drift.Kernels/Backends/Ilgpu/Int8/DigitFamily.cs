using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Products on tensor cores, whose expected sums come of digit lines (<see cref="DigitLines"/>): what the families have in common.</summary>
internal abstract class DigitFamily(Accelerator accelerator) : KernelFamily
{
    private readonly Action<KernelConfig, ArrayView<int>, int, int, int, ArrayView<int>, SumViews> _encode =
        accelerator.LoadStreamKernel<ArrayView<int>, int, int, int, ArrayView<int>, SumViews>(DigitLines.Encode);

    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<int>, QuantiseExtents, int> _quantise =
        accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<int>, QuantiseExtents, int>(DigitLines.Quantise);

    private readonly DeviceBuffer _lines = new(accelerator);

    /// <inheritdoc/>
    public override int RowUnit => MatrixBlocks.MostRows;

    /// <inheritdoc/>
    public override int ColumnUnit => MatrixBlocks.Columns;

    /// <inheritdoc/>
    public override bool Suits(int tile) => tile % MatrixEpilogue.HalfColumns == 0 && tile <= DigitLines.LargestTile;

    /// <inheritdoc/>
    public override OperandLayout WeightLayout(int n, int words) => OperandLayout.RowMajor(n, words);

    /// <inheritdoc/>
    public override int LinesLength(int tiles, int words) => checked(DigitLines.Rows(tiles) * words);

    /// <inheritdoc/>
    public override void Encode(IlgpuWeights weights) => Encode(weights.Words, weights.N, weights.LineWords, weights.Tile, weights.Lines, Nothing(weights.Lines));

    /// <inheritdoc/>
    public override bool Quantises(QuantiseLaunch launch)
    {
        // Without checks nobody sums: then a group takes few rows, and more groups share a GPU.
        var e = launch.Extents with { Tile = launch.Extents.Tile == 0 ? MatrixEpilogue.HalfColumns : launch.Extents.Tile };
        _quantise(
            DigitLines.Groups(e), launch.Values, launch.Largest, launch.Codes, launch.Extents.Tile == 0 ? launch.Codes.SubView(0, 1) : launch.Lines, e, DigitLines.AcrossBits(e.Tile));
        return true;
    }

    /// <inheritdoc/>
    public override void Multiply(ProductLaunch launch)
    {
        var e = launch.Extents;
        var lines = launch.Lines ?? launch.A;
        if (e.Tile > 0 && launch.Lines is null)
        {
            // Lines that no tile sums are multiplied too, of A as of W, and never stored: they need no zeros.
            lines = _lines.Take(LinesLength(IlgpuWeights.TilesIn(e.Rows, e.Tile), e.Words));
            Encode(launch.A, e.Rows, e.Words, e.Tile, lines, MatrixEpilogue.Adds(e.Tile) ? launch.Sums : Nothing(lines));
        }
        else if (e.Tile > 0 && MatrixEpilogue.Adds(e.Tile))
        {
            launch.AllSums.MemSetToZero();
        }

        Launch(launch, new LineViews(lines, launch.Weights.Lines));
    }

    /// <inheritdoc/>
    public override void Dispose() => _lines.Dispose();

    /// <summary>Multiplies fp16 into fp32, and flips.</summary>
    /// <param name="a">A, two values a word [padded rows, words].</param>
    /// <param name="w">W likewise.</param>
    /// <param name="plan">Flips.</param>
    /// <param name="c">Takes C [padded rows, stride], the bits of floats.</param>
    /// <param name="e">Extents, without a tile.</param>
    public abstract void MultiplyHalf(ArrayView<int> a, ArrayView<int> w, ArrayView<int> plan, ArrayView<int> c, GemmExtents e);

    /// <summary>Multiplies, flips, stores and sums.</summary>
    /// <param name="launch">Operands and results.</param>
    /// <param name="lines">The summed lines of both; without checks anything.</param>
    protected abstract void Launch(ProductLaunch launch, LineViews lines);

    private static SumViews Nothing(ArrayView<int> any)
    {
        var nothing = any.SubView(0, 0);
        return new(nothing, nothing, nothing, nothing);
    }

    private void Encode(ArrayView<int> operand, int lines, int words, int tile, ArrayView<int> digits, SumViews sums) => _encode(
        new KernelConfig(new Index2D(IlgpuWeights.TilesIn(lines, tile), words / MatrixBlocks.SliceWords), new Index2D(DigitLines.Threads, 1)), operand, lines, words, tile, digits, sums);
}
