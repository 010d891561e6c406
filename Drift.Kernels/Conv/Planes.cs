using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>Turns pictures between planes of channels and pixels of channels, in blocks that stay in the cache both ways.</summary>
internal static unsafe class Planes
{
    private const int Block = 32, Square = 8;

    /// <summary>[batch, channels, pixels] to [batch, pixels, channels].</summary>
    public static void ToLast<T>(T* planes, int batch, int channels, int pixels, T* target)
        where T : unmanaged => Turn(planes, batch, channels, pixels, target);

    /// <summary>[batch, pixels, channels] to [batch, channels, pixels].</summary>
    public static void ToFirst<T>(T* values, int batch, int channels, int pixels, T* target)
        where T : unmanaged => Turn(values, batch, pixels, channels, target);

    private static void Turn<T>(T* source, int batch, int rows, int columns, T* target)
        where T : unmanaged
    {
        for (var b = 0; b < batch; b++, source += (nint)rows * columns, target += (nint)rows * columns)
        {
            for (var i = 0; i < rows; i += Block)
            {
                for (var j = 0; j < columns; j += Block)
                    Turn(source, target, i, Math.Min(rows, i + Block), j, Math.Min(columns, j + Block), rows, columns);
            }
        }
    }

    private static void Turn<T>(T* from, T* to, int top, int bottom, int left, int right, int rows, int columns)
        where T : unmanaged
    {
        var (wholeRows, wholeColumns) = sizeof(T) == sizeof(float) && Avx.IsSupported ? (top + (bottom - top) / Square * Square, left + (right - left) / Square * Square) : (top, left);
        for (var i = top; i < wholeRows; i += Square)
        {
            for (var j = left; j < wholeColumns; j += Square)
                Transpose((float*)from + (nint)i * columns + j, columns, (float*)to + (nint)j * rows + i, rows);
        }

        for (var j = left; j < right; j++)
        {
            for (var i = j < wholeColumns ? wholeRows : top; i < bottom; i++)
                to[(nint)j * rows + i] = from[(nint)i * columns + j];
        }
    }

    /// <summary>Eight rows of eight values become eight columns: pairs, then quarters, then halves change places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(float* from, nint stride, float* to, nint toStride)
    {
        var (a0, a1) = Interleave(from, stride);
        var (a2, a3) = Interleave(from + 2 * stride, stride);
        var (a4, a5) = Interleave(from + 4 * stride, stride);
        var (a6, a7) = Interleave(from + 6 * stride, stride);
        Store(Avx.Shuffle(a0, a2, 0x44), Avx.Shuffle(a4, a6, 0x44), to, toStride);
        Store(Avx.Shuffle(a0, a2, 0xEE), Avx.Shuffle(a4, a6, 0xEE), to + toStride, toStride);
        Store(Avx.Shuffle(a1, a3, 0x44), Avx.Shuffle(a5, a7, 0x44), to + 2 * toStride, toStride);
        Store(Avx.Shuffle(a1, a3, 0xEE), Avx.Shuffle(a5, a7, 0xEE), to + 3 * toStride, toStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Low, Vector256<float> High) Interleave(float* row, nint stride)
    {
        var (a, b) = (Vector256.Load(row), Vector256.Load(row + stride));
        return (Avx.UnpackLow(a, b), Avx.UnpackHigh(a, b));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> a, Vector256<float> b, float* to, nint stride)
    {
        Avx.Permute2x128(a, b, 0x20).Store(to);
        Avx.Permute2x128(a, b, 0x31).Store(to + Square / 2 * stride);
    }
}
