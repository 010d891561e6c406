namespace Drift.Kernels;

/// <summary>
/// 14 x 32 accumulators around <c>vpdpbusd</c> zmm. The instruction multiplies unsigned by signed bytes, so activations become unsigned by flipping their sign bit (x + 128), and each
/// accumulator starts from -128 x the sum of its column's weights.
/// </summary>
internal sealed unsafe class Avx512VnniKernel : Int8Kernel
{
    private readonly GeneratedKernels _generated = new(DotType.Int8);

    /// <inheritdoc/>
    public override string Name => Int8Kernels.Generated;

    /// <inheritdoc/>
    public override int Rows => MicroTile.MostRows;

    /// <inheritdoc/>
    public override int Columns => MicroTile.Columns;

    /// <inheritdoc/>
    public override int NarrowColumns => MicroTile.Lanes;

    /// <inheritdoc/>
    public override int MostAlong => MicroTile.MostAlong;

    /// <inheritdoc/>
    public override int Depth => 4;

    /// <inheritdoc/>
    public override byte Flip => 0x80;

    /// <inheritdoc/>
    public override int PackGroup(ReadOnlySpan<sbyte> weights) => Quads.Of(weights);

    /// <inheritdoc/>
    public override int InitialValue(int weightSum) => unchecked(-128 * weightSum);

    /// <inheritdoc/>
    public override bool TakesCheckRows => true;

    /// <inheritdoc/>
    public override bool CrossesTiles => true;

    /// <inheritdoc/>
    public override bool JoinsDigits => true;

    /// <inheritdoc/>
    public override void Run(TileCall* call, int rows, int vectors, bool sums, bool check, int above) => _generated.Run(call, rows, vectors, sums, check, above);

    /// <inheritdoc/>
    public override void RunAlong(TileCall* call, int rows, int columns, bool flips, bool apart) =>
        _generated.Run(call, new MicroTile(DotType.Int8, rows, columns, false, false, Along: true, Flips: flips, Apart: apart));

    /// <inheritdoc/>
    public override void Dispose()
    {
        _generated.Dispose();
        base.Dispose();
    }
}
