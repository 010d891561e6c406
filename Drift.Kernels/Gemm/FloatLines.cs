using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// fp32 line sums of many short lines in a fixed order, so that the bits are the same everywhere: along a line in sixteen lanes, folded as <see cref="RowLanes"/> has it, across lines one
/// after the other.
/// </summary>
internal static unsafe class FloatLines
{
    // Lines whose lanes are folded together, and vectors of columns that are summed together: heads of 72 have five.
    private const int Together = 16, Rows = 4, Vectors = 5, Lanes = VectorMath.Lanes;

    /// <summary>Lines times one other line, or their sums.</summary>
    /// <param name="values">First line.</param>
    /// <param name="stride">Values between lines.</param>
    /// <param name="count">Lines.</param>
    /// <param name="length">Values of a line, at least 1.</param>
    /// <param name="factors">The other line; null for ones.</param>
    /// <param name="sums">Takes a value a line.</param>
    /// <param name="sumStride">Values between those.</param>
    [SkipLocalsInit]
    public static void Dots(float* values, nint stride, int count, int length, float* factors, float* sums, nint sumStride)
    {
        float* lanes = stackalloc float[Together * Lanes], ones = stackalloc float[Lanes];
        Vector512<float>.One.Store(ones);
        for (var first = 0; first < count; first += Together)
        {
            var lines = Math.Min(Together, count - first);
            if (length < Lanes)
                Short(values, stride, lines, length, factors == null ? ones : factors, lanes);
            for (var i = 0; i < lines && length >= Lanes; i += Rows)
                Four(values + i * stride, stride, Math.Min(Rows, lines - i), length, factors == null ? ones : factors, factors == null ? 0 : Lanes, lanes + i * Lanes);
            values += Together * stride;
            RowLanes.Fold(lanes, lines, sums + first * sumStride, sumStride);
        }
    }

    /// <summary>The sum of some lines, value by value.</summary>
    /// <param name="values">First line.</param>
    /// <param name="stride">Values between lines.</param>
    /// <param name="count">Lines.</param>
    /// <param name="length">Values of a line, at least 1.</param>
    /// <param name="sum">Takes it, or is added to.</param>
    /// <param name="begun">Whether it is added to.</param>
    public static void Sum(float* values, nint stride, int count, int length, float* sum, bool begun)
    {
        if (!begun)
            new Span<float>(sum, length).Clear();
        for (var i = 0; i < count && length < Lanes; i++)
            Activation.Add(new Span<float>(sum, length), new ReadOnlySpan<float>(values + i * stride, length));

        // The last vectors end with the line: what one shares with another comes out alike.
        for (var at = 0; at < length && length >= Lanes; at += Vectors * Lanes)
        {
            int From(int vector) => Math.Min(at + vector * Lanes, length - Lanes);
            var (p, q, r, s, t) = (From(0), From(1), From(2), From(3), From(4));
            var (a, b, c, d, e) = (Vector512.Load(sum + p), Vector512.Load(sum + q), Vector512.Load(sum + r), Vector512.Load(sum + s), Vector512.Load(sum + t));
            var line = values;
            for (var i = 0; i < count; i++, line += stride)
            {
                a += Vector512.Load(line + p);
                b += Vector512.Load(line + q);
                c += Vector512.Load(line + r);
                d += Vector512.Load(line + s);
                e += Vector512.Load(line + t);
            }

            a.Store(sum + p);
            b.Store(sum + q);
            c.Store(sum + r);
            d.Store(sum + s);
            e.Store(sum + t);
        }
    }

    /// <summary>Adds the sums of a block's rows and columns to what is there.</summary>
    /// <param name="values">First value.</param>
    /// <param name="stride">Values between rows.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns, at least 1.</param>
    /// <param name="rowSums">Takes a sum a row.</param>
    /// <param name="rowStride">Values between those.</param>
    /// <param name="columnSums">Added to, a sum a column.</param>
    public static void Add(float* values, nint stride, int rows, int columns, float* rowSums, nint rowStride, float* columnSums)
    {
        Dots(values, stride, rows, columns, null, rowSums, rowStride);
        for (var row = 0; row < rows; row++, values += stride)
            Activation.Add(new Span<float>(columnSums, columns), new ReadOnlySpan<float>(values, columns));
    }

    /// <summary>Lanes of up to four lines: each is a chain of dependent sums, and they fill each other's waits. Missing lines repeat the first.</summary>
    private static void Four(float* values, nint stride, int lines, int length, float* factors, nint step, float* lanes)
    {
        float* x = values, y = lines > 1 ? x + stride : x, z = lines > 2 ? x + 2 * stride : x, w = lines > 3 ? x + 3 * stride : x;
        var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        nint at = 0;
        for (; at <= length - Lanes; at += Lanes, factors += step)
        {
            var factor = Vector512.Load(factors);
            a = Vector512.FusedMultiplyAdd(Vector512.Load(x + at), factor, a);
            b = Vector512.FusedMultiplyAdd(Vector512.Load(y + at), factor, b);
            c = Vector512.FusedMultiplyAdd(Vector512.Load(z + at), factor, c);
            d = Vector512.FusedMultiplyAdd(Vector512.Load(w + at), factor, d);
        }

        if (at < length)
        {
            // The last vector ends with the line, less what was counted.
            nint from = length - Lanes, back = step == 0 ? 0 : at - from;
            var factor = Vector512.Load(factors - back) & Vector512.GreaterThanOrEqual(Vector512<int>.Indices, Vector512.Create((int)(at - from))).AsSingle();
            a = Vector512.FusedMultiplyAdd(Vector512.Load(x + from), factor, a);
            b = Vector512.FusedMultiplyAdd(Vector512.Load(y + from), factor, b);
            c = Vector512.FusedMultiplyAdd(Vector512.Load(z + from), factor, c);
            d = Vector512.FusedMultiplyAdd(Vector512.Load(w + from), factor, d);
        }

        a.Store(lanes);
        b.Store(lanes + Lanes);
        c.Store(lanes + 2 * Lanes);
        d.Store(lanes + 3 * Lanes);
    }

    /// <summary>Lanes of lines that are shorter than a vector.</summary>
    private static void Short(float* values, nint stride, int lines, int length, float* factors, float* lanes)
    {
        for (var i = 0; i < lines; i++, values += stride, lanes += Lanes)
            (VectorMath.Load(new ReadOnlySpan<float>(values, length)) * VectorMath.Load(new ReadOnlySpan<float>(factors, length))).Store(lanes);
    }
}
