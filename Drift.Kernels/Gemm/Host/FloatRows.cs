using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// fp32 rows at a stride that the caches like and, in the same pass, a checksum tile's column sums and each row's own sums. Every sum runs in a fixed order: columns are chains over
/// the rows, rows run in 16 lanes over whole vectors, folded as <see cref="RowLanes"/> has it, the rest of the row after them.
/// </summary>
internal static unsafe class FloatRows
{
    private const int Lanes = MicroTile.Lanes;

    /// <summary>Copies rows and sums them.</summary>
    /// <param name="rows">First row.</param>
    /// <param name="stride">Values between rows.</param>
    /// <param name="count">Rows.</param>
    /// <param name="k">Values of a row.</param>
    /// <param name="target">Takes the rows.</param>
    /// <param name="targetStride">Values between them.</param>
    /// <param name="columns">Takes K sums over the rows; null for no sums of either kind.</param>
    /// <param name="sums">Takes each row's sum.</param>
    /// <param name="squares">Takes each row's sum of squares.</param>
    public static void Pack(float* rows, nint stride, int count, int k, float* target, nint targetStride, float* columns, float* sums, float* squares)
    {
        if (columns == null)
        {
            for (var i = 0; i < count; i++)
                new ReadOnlySpan<float>(rows + i * stride, k).CopyTo(new Span<float>(target + i * targetStride, k));
            return;
        }

        new Span<float>(columns, k).Clear();
        var row = 0;
        for (; row <= count - 2; row += 2)
            Two(rows + row * stride, stride, k, target + row * targetStride, targetStride, columns, sums + row, squares + row);
        for (; row < count; row++)
        {
            float* from = rows + row * stride, to = target + row * targetStride;
            for (var p = 0; p < k; p++)
            {
                to[p] = from[p];
                columns[p] += from[p];
            }

            Measure(from, k, out sums[row], out squares[row]);
        }
    }

    /// <summary>A line's sum and sum of squares.</summary>
    public static void Measure(float* line, int k, out float sum, out float square)
    {
        var (lanes, squares) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var p = 0;
        for (; p <= k - Lanes; p += Lanes)
            Add(Vector512.Load(line + p), ref lanes, ref squares);
        Finish(line, p, k, lanes, squares, out sum, out square);
    }

    private static void Two(float* a, nint stride, int k, float* target, nint targetStride, float* columns, float* sums, float* squares)
    {
        float* b = a + stride, toB = target + targetStride;
        var (lanesA, squaresA, lanesB, squaresB) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var p = 0;
        for (; p <= k - Lanes; p += Lanes)
        {
            var (va, vb) = (Vector512.Load(a + p), Vector512.Load(b + p));
            va.Store(target + p);
            vb.Store(toB + p);
            (Vector512.Load(columns + p) + va + vb).Store(columns + p);
            Add(va, ref lanesA, ref squaresA);
            Add(vb, ref lanesB, ref squaresB);
        }

        for (var q = p; q < k; q++)
        {
            (target[q], toB[q]) = (a[q], b[q]);
            columns[q] = columns[q] + a[q] + b[q];
        }

        Finish(a, p, k, lanesA, squaresA, out sums[0], out squares[0]);
        Finish(b, p, k, lanesB, squaresB, out sums[1], out squares[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector512<float> values, ref Vector512<float> lanes, ref Vector512<float> squares)
    {
        lanes += values;
        squares = Vector512.FusedMultiplyAdd(values, values, squares);
    }

    private static void Finish(float* line, int from, int k, Vector512<float> lanes, Vector512<float> squares, out float sum, out float square)
    {
        (sum, square) = (RowLanes.Fold(lanes), RowLanes.Fold(squares));
        for (var p = from; p < k; p++)
        {
            sum += line[p];
            square = MathF.FusedMultiplyAdd(line[p], line[p], square);
        }
    }
}
