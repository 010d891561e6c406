using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>What the micro-kernels leave of observed row sums of INT8 products, a line of sums a tile, or a panel where threads share a tile's, brought to where they belong: a line of sums a row. Modulo 2^32.</summary>
internal static unsafe class PanelRowSums
{
    private const int Lanes = 16, TilesAtATime = 4;

    /// <summary>Folds the lines of some rows.</summary>
    /// <param name="lines">Sums of the first row, in line after line. Those of a tile are added into its first.</param>
    /// <param name="stride">Values between lines.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="count">Lines.</param>
    /// <param name="linesOfTile">Lines of a tile; the last tile may have fewer.</param>
    /// <param name="sums">Takes a line of sums a row, one a tile.</param>
    public static void Fold(int* lines, nint stride, int rows, int count, int linesOfTile, int* sums)
    {
        for (var first = 0; first < count; first += linesOfTile)
        {
            for (var line = first + 1; line < Math.Min(count, first + linesOfTile); line++)
                Add(lines + first * stride, lines + line * stride, rows);
        }

        var (tiles, tileStride) = ((count + linesOfTile - 1) / linesOfTile, linesOfTile * stride);
        var i = 0;
        for (; i <= rows - Lanes; i += Lanes, lines += Lanes, sums += Lanes * (nint)tiles)
        {
            var t = 0;
            for (; Avx512F.IsSupported && t <= tiles - TilesAtATime; t += TilesAtATime)
                Turn(lines + t * tileStride, tileStride, sums + t, tiles);
            Copy(lines, tileStride, Lanes, t, tiles, sums);
        }

        Copy(lines, tileStride, rows - i, 0, tiles, sums);
    }

    /// <summary>Adds a line to another, wrapping.</summary>
    /// <param name="target">The line that is added to.</param>
    /// <param name="other">The other.</param>
    /// <param name="count">Values.</param>
    public static void Add<T>(T* target, T* other, int count)
        where T : unmanaged, IBinaryInteger<T>
    {
        var i = 0;
        for (; i <= count - Vector512<T>.Count; i += Vector512<T>.Count)
            (Vector512.Load(target + i) + Vector512.Load(other + i)).Store(target + i);
        for (; i < count; i++)
            target[i] += other[i];
    }

    private static void Copy(int* lines, nint stride, int rows, int first, int tiles, int* sums)
    {
        for (var t = first; t < tiles; t++)
        {
            for (var i = 0; i < rows; i++)
                sums[i * (nint)tiles + t] = lines[t * stride + i];
        }
    }

    /// <summary>Sixteen rows of four tiles: pairs of tiles side by side, then fours, which are a quarter of a vector each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(int* lines, nint stride, int* sums, nint sumStride)
    {
        var (a, b, c, d) = (Vector512.Load(lines), Vector512.Load(lines + stride), Vector512.Load(lines + 2 * stride), Vector512.Load(lines + 3 * stride));
        var (lowAb, highAb) = (Avx512F.UnpackLow(a, b).AsInt64(), Avx512F.UnpackHigh(a, b).AsInt64());
        var (lowCd, highCd) = (Avx512F.UnpackLow(c, d).AsInt64(), Avx512F.UnpackHigh(c, d).AsInt64());
        Quarters(Avx512F.UnpackLow(lowAb, lowCd).AsInt32(), sums, 4 * sumStride);
        Quarters(Avx512F.UnpackHigh(lowAb, lowCd).AsInt32(), sums + sumStride, 4 * sumStride);
        Quarters(Avx512F.UnpackLow(highAb, highCd).AsInt32(), sums + 2 * sumStride, 4 * sumStride);
        Quarters(Avx512F.UnpackHigh(highAb, highCd).AsInt32(), sums + 3 * sumStride, 4 * sumStride);
    }

    /// <summary>Every fourth row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarters(Vector512<int> rows, int* sums, nint stride)
    {
        Avx512F.ExtractVector128(rows, 0).Store(sums);
        Avx512F.ExtractVector128(rows, 1).Store(sums + stride);
        Avx512F.ExtractVector128(rows, 2).Store(sums + 2 * stride);
        Avx512F.ExtractVector128(rows, 3).Store(sums + 3 * stride);
    }
}
