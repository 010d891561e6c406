using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>What a generated micro-kernel's checksum lanes do, for kernels that have none: the stored tile is added to the call's line sums, in the same order.</summary>
internal static unsafe class TileSums
{
    /// <summary>Adds integers, modulo 2^32.</summary>
    /// <param name="call">The call that was run.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="vectors">Its vectors.</param>
    public static void AddIntegers(TileCall* call, int rows, int vectors)
    {
        for (var row = 0; row < rows; row++)
        {
            var c = (int*)((byte*)call->C + row * call->CStride);
            var lanes = (int*)call->RowLanes + row * MicroTile.Lanes;
            for (var v = 0; v < vectors; v++)
            {
                var columns = (int*)call->ColumnSums + v * MicroTile.Lanes;
                var values = Vector512.Load(c + v * MicroTile.Lanes);
                (Vector512.Load(columns) + values).Store(columns);
                (Vector512.Load(lanes) + values).Store(lanes);
            }
        }
    }

    /// <summary>Adds floats.</summary>
    /// <param name="tile">The tile's values, of whole vectors.</param>
    /// <param name="stride">Values between its rows.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="vectors">Its vectors.</param>
    /// <param name="rowLanes">16 lanes a row.</param>
    /// <param name="columnSums">A sum a column.</param>
    public static void AddFloats(float* tile, nint stride, int rows, int vectors, float* rowLanes, float* columnSums)
    {
        for (var row = 0; row < rows; row++, tile += stride, rowLanes += MicroTile.Lanes)
        {
            for (var v = 0; v < vectors; v++)
            {
                var columns = columnSums + v * MicroTile.Lanes;
                var values = Vector512.Load(tile + v * MicroTile.Lanes);
                (Vector512.Load(columns) + values).Store(columns);
                (Vector512.Load(rowLanes) + values).Store(rowLanes);
            }
        }
    }
}
