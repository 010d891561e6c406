using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>fp32 line sums in a fixed order: along a line in sixteen lanes, across lines one after the other, so that the bits are the same everywhere.</summary>
internal static unsafe class FloatLines
{
    private const int Together = 4;

    /// <summary>The sum of a line.</summary>
    public static float Sum(ReadOnlySpan<float> line)
    {
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < line.Length; i += VectorMath.Lanes)
            sum += VectorMath.Load(line[i..]);
        return VectorMath.Sum(sum);
    }

    /// <summary>The inner product of two lines of one length.</summary>
    public static float Dot(ReadOnlySpan<float> line, ReadOnlySpan<float> other)
    {
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < line.Length; i += VectorMath.Lanes)
            sum = Vector512.FusedMultiplyAdd(VectorMath.Load(line[i..]), VectorMath.Load(other[i..]), sum);
        return VectorMath.Sum(sum);
    }

    /// <summary>The sums of a block's rows and columns.</summary>
    /// <param name="values">First value.</param>
    /// <param name="stride">Values between rows.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="columns">Columns, at least 1.</param>
    /// <param name="rowSums">Takes a sum a row.</param>
    /// <param name="rowStride">Values between those.</param>
    /// <param name="columnSums">Takes a sum a column.</param>
    public static void Sum(float* values, nint stride, int rows, int columns, float* rowSums, nint rowStride, float* columnSums)
    {
        new Span<float>(columnSums, columns).Clear();
        var row = 0;
        for (; row <= rows - Together; row += Together, values += Together * stride, rowSums += Together * rowStride)
            SumFour(values, stride, columns, rowSums, rowStride, columnSums);
        for (; row < rows; row++, values += stride, rowSums += rowStride)
        {
            var line = new ReadOnlySpan<float>(values, columns);
            *rowSums = Sum(line);
            Activation.Add(new Span<float>(columnSums, columns), line);
        }
    }

    private static void SumFour(float* a, nint stride, int columns, float* rowSums, nint rowStride, float* columnSums)
    {
        float* b = a + stride, c = b + stride, d = c + stride;
        var (sumA, sumB, sumC, sumD) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var j = 0;
        for (; j <= columns - VectorMath.Lanes; j += VectorMath.Lanes)
        {
            var (x, y, z, w) = (Vector512.Load(a + j), Vector512.Load(b + j), Vector512.Load(c + j), Vector512.Load(d + j));
            (sumA, sumB, sumC, sumD) = (sumA + x, sumB + y, sumC + z, sumD + w);
            (Vector512.Load(columnSums + j) + x + y + z + w).Store(columnSums + j);
        }

        if (j < columns)
        {
            var (x, y, z, w) = (Rest(a, j, columns), Rest(b, j, columns), Rest(c, j, columns), Rest(d, j, columns));
            (sumA, sumB, sumC, sumD) = (sumA + x, sumB + y, sumC + z, sumD + w);
            VectorMath.Store(Rest(columnSums, j, columns) + x + y + z + w, new Span<float>(columnSums + j, columns - j));
        }

        (rowSums[0], rowSums[rowStride]) = (VectorMath.Sum(sumA), VectorMath.Sum(sumB));
        (rowSums[2 * rowStride], rowSums[3 * rowStride]) = (VectorMath.Sum(sumC), VectorMath.Sum(sumD));
    }

    private static Vector512<float> Rest(float* line, int from, int columns) => VectorMath.Load(new ReadOnlySpan<float>(line + from, columns - from));
}
