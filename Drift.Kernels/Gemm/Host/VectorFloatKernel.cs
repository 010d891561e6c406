using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// The fp32 register tile without generated code: 8 x 32 accumulators. Written with 512-bit operations, which narrower hosts execute in pieces; the bits are the same, because
/// each accumulator is a chain of fused multiply-adds of its own.
/// </summary>
internal sealed unsafe class VectorFloatKernel : MicroKernel
{
    private const int MostRows = 8, Lanes = MicroTile.Lanes;

    /// <inheritdoc/>
    public override string Name => "vector-fma";

    /// <inheritdoc/>
    public override int Rows => MostRows;

    /// <inheritdoc/>
    public override int Columns => 2 * Lanes;

    /// <inheritdoc/>
    public override int NarrowColumns => 2 * Lanes;

    /// <inheritdoc/>
    public override int Depth => 1;

    /// <inheritdoc/>
    public override int RowGroupBytes => sizeof(float);

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void Run(TileCall* call, int rows, int vectors, bool sums, bool check, int above)
    {
        float* a = (float*)call->A, panel = (float*)call->Panel, c = (float*)call->C, start = (float*)call->Start;
        nint aStride = call->AStride / sizeof(float), cStride = call->CStride / sizeof(float);
        var (depth, columns) = ((int)call->Groups, BitOperations.PopCount(call->Columns));
        if (rows == MostRows && columns == 2 * Lanes && !sums && (start == null || start == c))
        {
            Tile(a, aStride, panel, depth, c, cStride, start != null, call->Bias);
            return;
        }

        // Any other tile runs on a copy: missing rows repeat the last one, missing columns are the panel's zeros.
        var tile = stackalloc float[MostRows * 2 * Lanes];
        new Span<float>(tile, MostRows * 2 * Lanes).Clear();
        for (var i = 0; i < rows && start != null; i++)
            new ReadOnlySpan<float>((byte*)start + i * call->StartStride, columns).CopyTo(new Span<float>(tile + i * 2 * Lanes, columns));
        Few(a, aStride, panel, depth, tile, rows);
        if (sums)
            TileSums.Add(call, tile, 2 * Lanes, 0, rows, vectors);
        for (var i = 0; i < rows; i++)
        {
            var values = new Span<float>(tile + i * 2 * Lanes, columns);
            for (var j = 0; j < columns && call->Bias != null; j++)
                values[j] += call->Bias[j];
            values.CopyTo(new Span<float>(c + i * cStride, columns));
        }
    }

    /// <summary>Rows four at a time, so that few rows do not pay for eight. Missing rows repeat the last one.</summary>
    private static void Few(float* a, nint aStride, float* panel, int depth, float* tile, int rows)
    {
        for (var row = 0; row < rows; row += 4)
        {
            float* a0 = a + row * aStride, a1 = a + Math.Min(row + 1, rows - 1) * aStride;
            float* a2 = a + Math.Min(row + 2, rows - 1) * aStride, a3 = a + Math.Min(row + 3, rows - 1) * aStride;
            float* c0 = tile + row * 2 * Lanes, c1 = c0 + 2 * Lanes, c2 = c1 + 2 * Lanes, c3 = c2 + 2 * Lanes;
            var (c00, c01) = Start(c0, true);
            var (c10, c11) = Start(c1, true);
            var (c20, c21) = Start(c2, true);
            var (c30, c31) = Start(c3, true);
            var b = panel;
            for (var p = 0; p < depth; p++, b += 2 * Lanes)
            {
                var b0 = Vector512.Load(b);
                var b1 = Vector512.Load(b + Lanes);
                var v = Vector512.Create(a0[p]);
                c00 = Vector512.FusedMultiplyAdd(v, b0, c00);
                c01 = Vector512.FusedMultiplyAdd(v, b1, c01);
                v = Vector512.Create(a1[p]);
                c10 = Vector512.FusedMultiplyAdd(v, b0, c10);
                c11 = Vector512.FusedMultiplyAdd(v, b1, c11);
                v = Vector512.Create(a2[p]);
                c20 = Vector512.FusedMultiplyAdd(v, b0, c20);
                c21 = Vector512.FusedMultiplyAdd(v, b1, c21);
                v = Vector512.Create(a3[p]);
                c30 = Vector512.FusedMultiplyAdd(v, b0, c30);
                c31 = Vector512.FusedMultiplyAdd(v, b1, c31);
            }

            Store(c0, c00, c01, null);
            Store(c1, c10, c11, null);
            Store(c2, c20, c21, null);
            Store(c3, c30, c31, null);
        }
    }

    private static void Tile(float* a, nint aStride, float* panel, int depth, float* c, nint cStride, bool accumulate, float* bias)
    {
        float* a0 = a, a1 = a0 + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride, a6 = a5 + aStride, a7 = a6 + aStride;
        var (c00, c01) = Start(c, accumulate);
        var (c10, c11) = Start(c + cStride, accumulate);
        var (c20, c21) = Start(c + 2 * cStride, accumulate);
        var (c30, c31) = Start(c + 3 * cStride, accumulate);
        var (c40, c41) = Start(c + 4 * cStride, accumulate);
        var (c50, c51) = Start(c + 5 * cStride, accumulate);
        var (c60, c61) = Start(c + 6 * cStride, accumulate);
        var (c70, c71) = Start(c + 7 * cStride, accumulate);
        for (var p = 0; p < depth; p++, panel += 2 * Lanes)
        {
            var b0 = Vector512.Load(panel);
            var b1 = Vector512.Load(panel + Lanes);
            var v = Vector512.Create(a0[p]);
            c00 = Vector512.FusedMultiplyAdd(v, b0, c00);
            c01 = Vector512.FusedMultiplyAdd(v, b1, c01);
            v = Vector512.Create(a1[p]);
            c10 = Vector512.FusedMultiplyAdd(v, b0, c10);
            c11 = Vector512.FusedMultiplyAdd(v, b1, c11);
            v = Vector512.Create(a2[p]);
            c20 = Vector512.FusedMultiplyAdd(v, b0, c20);
            c21 = Vector512.FusedMultiplyAdd(v, b1, c21);
            v = Vector512.Create(a3[p]);
            c30 = Vector512.FusedMultiplyAdd(v, b0, c30);
            c31 = Vector512.FusedMultiplyAdd(v, b1, c31);
            v = Vector512.Create(a4[p]);
            c40 = Vector512.FusedMultiplyAdd(v, b0, c40);
            c41 = Vector512.FusedMultiplyAdd(v, b1, c41);
            v = Vector512.Create(a5[p]);
            c50 = Vector512.FusedMultiplyAdd(v, b0, c50);
            c51 = Vector512.FusedMultiplyAdd(v, b1, c51);
            v = Vector512.Create(a6[p]);
            c60 = Vector512.FusedMultiplyAdd(v, b0, c60);
            c61 = Vector512.FusedMultiplyAdd(v, b1, c61);
            v = Vector512.Create(a7[p]);
            c70 = Vector512.FusedMultiplyAdd(v, b0, c70);
            c71 = Vector512.FusedMultiplyAdd(v, b1, c71);
        }

        Store(c, c00, c01, bias);
        Store(c + cStride, c10, c11, bias);
        Store(c + 2 * cStride, c20, c21, bias);
        Store(c + 3 * cStride, c30, c31, bias);
        Store(c + 4 * cStride, c40, c41, bias);
        Store(c + 5 * cStride, c50, c51, bias);
        Store(c + 6 * cStride, c60, c61, bias);
        Store(c + 7 * cStride, c70, c71, bias);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float>, Vector512<float>) Start(float* c, bool accumulate) =>
        accumulate ? (Vector512.Load(c), Vector512.Load(c + Lanes)) : (Vector512<float>.Zero, Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, Vector512<float> low, Vector512<float> high, float* bias)
    {
        if (bias != null)
        {
            low += Vector512.Load(bias);
            high += Vector512.Load(bias + Lanes);
        }

        low.Store(c);
        high.Store(c + Lanes);
    }
}
