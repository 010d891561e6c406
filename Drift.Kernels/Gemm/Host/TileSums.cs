using System.Numerics;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>What a generated micro-kernel's checksum lanes do, for kernels that have none: the tile is added to the call's line sums, in the same order.</summary>
internal static unsafe class TileSums
{
    private const int Lanes = MicroTile.Lanes;

    /// <summary>Adds the integers of a stored tile, modulo 2^32.</summary>
    /// <param name="call">The call that was run.</param>
    /// <param name="rows">Its rows.</param>
    public static void Add(TileCall* call, int rows)
    {
        var columns = BitOperations.PopCount(call->Columns);
        var sums = (int*)call->ColumnSums;
        if (call->ColumnsBegun == 0)
            new Span<int>(sums, columns).Clear();
        for (var row = 0; row < rows; row++)
        {
            var c = (int*)((byte*)call->C + row * call->CStride);
            var eight = Vector256<int>.Zero;
            var j = 0;
            for (; j <= columns - Vector256<int>.Count; j += Vector256<int>.Count)
            {
                var values = Vector256.Load(c + j);
                eight += call->RowWeights == null ? values : values * Vector256.Load(call->RowWeights + j);
                (Vector256.Load(sums + j) + values).Store(sums + j);
            }

            var sum = Vector256.Sum(eight);
            for (; j < columns; j++)
            {
                sum += call->RowWeights == null ? c[j] : c[j] * call->RowWeights[j];
                sums[j] += c[j];
            }

            ((int*)call->RowSums)[row] = sum + (call->RowsBegun == 0 ? 0 : ((int*)call->RowSums)[row]);
        }
    }

    /// <summary>Adds floats.</summary>
    /// <param name="call">The call.</param>
    /// <param name="tile">Values of some of its rows before the bias, in whole vectors.</param>
    /// <param name="stride">Values between those.</param>
    /// <param name="first">The first row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="vectors">The call's vectors.</param>
    public static void Add(TileCall* call, float* tile, nint stride, int first, int rows, int vectors)
    {
        var columns = BitOperations.PopCount(call->Columns);
        Begin(call, first, rows, columns);
        var rowLanes = (float*)call->RowLanes + first * Lanes;
        for (var row = 0; row < rows; row++, tile += stride)
        {
            var lanes = rowLanes + row * Lanes;
            for (var v = 0; v < vectors && call->RowLanes != null; v++)
                (Vector512.Load(lanes) + Vector512.Load(tile + v * Lanes)).Store(lanes);
            Activation.Add(new Span<float>(call->ColumnSums, columns), new ReadOnlySpan<float>(tile, columns));
        }

        if (call->RowSums != null)
            RowLanes.Fold(rowLanes, rows, (float*)((byte*)call->RowSums + first * call->RowSumStride), call->RowSumStride / sizeof(float));
    }

    private static void Begin(TileCall* call, int first, int rows, int columns)
    {
        if (call->RowsBegun == 0 && call->RowLanes != null)
            new Span<int>((int*)call->RowLanes + first * Lanes, rows * Lanes).Clear();
        if (call->ColumnsBegun == 0 && first == 0)
            new Span<int>(call->ColumnSums, columns).Clear();
    }
}
