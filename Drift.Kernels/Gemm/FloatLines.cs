using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>fp32 line sums in a fixed order: along a line in sixteen lanes, across lines one after the other, so that the bits are the same everywhere.</summary>
internal static unsafe class FloatLines
{
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
        var whole = columns / VectorMath.Lanes * VectorMath.Lanes;
        new Span<float>(columnSums, columns).Clear();
        for (var row = 0; row < rows; row++, values += stride)
        {
            var sum = Vector512<float>.Zero;
            for (var j = 0; j < whole; j += VectorMath.Lanes)
            {
                var x = Vector512.Load(values + j);
                sum += x;
                (Vector512.Load(columnSums + j) + x).Store(columnSums + j);
            }

            if (whole < columns)
            {
                var x = VectorMath.Load(new ReadOnlySpan<float>(values + whole, columns - whole));
                sum += x;
                var rest = new Span<float>(columnSums + whole, columns - whole);
                VectorMath.Store(VectorMath.Load(rest) + x, rest);
            }

            rowSums[row * rowStride] = VectorMath.Sum(sum);
        }
    }
}
