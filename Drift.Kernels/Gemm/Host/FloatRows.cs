using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>
/// A checksum tile's column sums and each row's own sums in one pass over fp32 rows, and, where A cannot stay where it is, a copy at a stride that the caches like. Every sum runs in a
/// fixed order: columns are chains over the rows, rows run in 16 lanes over whole vectors, folded as <see cref="RowLanes"/> has it, the rest of the row after them.
/// </summary>
internal static unsafe class FloatRows
{
    private const int Lanes = MicroTile.Lanes, Together = 4;

    /// <summary>Copies rows.</summary>
    /// <param name="rows">First row.</param>
    /// <param name="stride">Values between rows.</param>
    /// <param name="count">Rows.</param>
    /// <param name="k">Values of a row.</param>
    /// <param name="target">Takes the rows.</param>
    /// <param name="targetStride">Values between them.</param>
    public static void Copy(float* rows, nint stride, int count, int k, float* target, nint targetStride)
    {
        for (var i = 0; i < count; i++)
            new ReadOnlySpan<float>(rows + i * stride, k).CopyTo(new Span<float>(target + i * targetStride, k));
    }

    /// <summary>Sums rows.</summary>
    /// <param name="rows">First row.</param>
    /// <param name="stride">Values between rows.</param>
    /// <param name="count">Rows.</param>
    /// <param name="k">Values of a row.</param>
    /// <param name="target">Takes a copy of the rows; null for none.</param>
    /// <param name="targetStride">Values between its rows.</param>
    /// <param name="pairs">Whether the copy has rows in pairs whose values take turns; a pair has the place of its two rows.</param>
    /// <param name="columns">Takes K sums over the rows.</param>
    /// <param name="sums">Takes each row's sum, then each row's sum of squares; null for neither.</param>
    public static void Sum(float* rows, nint stride, int count, int k, float* target, nint targetStride, bool pairs, float* columns, float* sums)
    {
        new Span<float>(columns, k).Clear();
        var (whole, row) = (k / Lanes * Lanes, 0);
        var lanes = stackalloc float[2 * Together * Lanes];
        for (; row <= count - Together; row += Together)
        {
            float* from = rows + row * stride, next = from + Together * stride;
            var apart = stride;
            // From afar a few at a time; summed together when they are near.
            if (target != null && !pairs)
            {
                Copy(from, stride, Together, k, target + row * targetStride, targetStride);
                from = target + row * targetStride;
                apart = targetStride;
            }

            var pair = pairs ? target + row * targetStride : null;
            Four(from, apart, whole, columns, lanes, next, stride, pair, 2 * targetStride);
            for (var p = Avx512F.IsSupported ? whole : 0; pairs && p < k; p++)
            {
                for (var i = 0; i < Together; i++)
                    pair[i / 2 * 2 * targetStride + 2 * p + i % 2] = from[i * apart + p];
            }

            for (var p = whole; p < k; p++)
                columns[p] = columns[p] + from[p] + from[apart + p] + from[2 * apart + p] + from[3 * apart + p];
            if (sums == null)
                continue;
            RowLanes.Fold(lanes, Together, sums + row, 1);
            RowLanes.Fold(lanes + Together * Lanes, Together, sums + count + row, 1);
            for (var i = 0; whole < k && i < Together; i++)
                AddRest(from + i * apart, whole, k, ref sums[row + i], ref sums[count + row + i]);
        }

        for (; row < count; row++)
        {
            var from = rows + row * stride;
            for (var p = 0; p < k; p++)
                columns[p] += from[p];
            for (var p = 0; pairs && p < k; p++)
                target[row / 2 * 2 * targetStride + 2 * p + row % 2] = from[p];
            if (target != null && !pairs)
                Copy(from, stride, 1, k, target + row * targetStride, targetStride);
            if (sums != null)
                Measure(from, k, out sums[row], out sums[count + row]);
        }
    }

    /// <summary>A line's sum and sum of squares.</summary>
    public static void Measure(float* line, int k, out float sum, out float square)
    {
        var (lanes, squares) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var p = 0;
        for (; p <= k - Lanes; p += Lanes)
        {
            var values = Vector512.Load(line + p);
            lanes += values;
            squares = Vector512.FusedMultiplyAdd(values, values, squares);
        }

        (sum, square) = (RowLanes.Fold(lanes), RowLanes.Fold(squares));
        AddRest(line, p, k, ref sum, ref square);
    }

    /// <summary>Whole vectors of four rows, while the next four are asked for, whether they exist or not, and, with AVX-512, each two of these four are copied so that their values take turns, if wanted. No call is made from here: values that live across one would go to memory in every turn.</summary>
    private static void Four(float* a, nint stride, int k, float* columns, float* lanes, float* next, nint nextStride, float* pairs, nint pairStride)
    {
        float* b = a + stride, c = b + stride, d = c + stride;
        var (lanesA, squaresA, lanesB, squaresB) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var (lanesC, squaresC, lanesD, squaresD) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var (low, high) = (Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), Vector512.Create(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
        for (var p = 0; p < k; p += Lanes)
        {
            var (va, vb, vc, vd) = (Vector512.Load(a + p), Vector512.Load(b + p), Vector512.Load(c + p), Vector512.Load(d + p));
            (Vector512.Load(columns + p) + va + vb + vc + vd).Store(columns + p);
            (lanesA, squaresA) = (lanesA + va, Vector512.FusedMultiplyAdd(va, va, squaresA));
            (lanesB, squaresB) = (lanesB + vb, Vector512.FusedMultiplyAdd(vb, vb, squaresB));
            (lanesC, squaresC) = (lanesC + vc, Vector512.FusedMultiplyAdd(vc, vc, squaresC));
            (lanesD, squaresD) = (lanesD + vd, Vector512.FusedMultiplyAdd(vd, vd, squaresD));
            if (pairs != null && Avx512F.IsSupported)
            {
                Avx512F.PermuteVar16x32x2(va, low, vb).Store(pairs + 2 * p);
                Avx512F.PermuteVar16x32x2(va, high, vb).Store(pairs + 2 * p + Lanes);
                Avx512F.PermuteVar16x32x2(vc, low, vd).Store(pairs + pairStride + 2 * p);
                Avx512F.PermuteVar16x32x2(vc, high, vd).Store(pairs + pairStride + 2 * p + Lanes);
            }

            if (!Sse.IsSupported)
                continue;
            Sse.Prefetch0(next + p);
            Sse.Prefetch0(next + nextStride + p);
            Sse.Prefetch0(next + 2 * nextStride + p);
            Sse.Prefetch0(next + 3 * nextStride + p);
        }

        lanesA.Store(lanes);
        lanesB.Store(lanes + Lanes);
        lanesC.Store(lanes + 2 * Lanes);
        lanesD.Store(lanes + 3 * Lanes);
        squaresA.Store(lanes + 4 * Lanes);
        squaresB.Store(lanes + 5 * Lanes);
        squaresC.Store(lanes + 6 * Lanes);
        squaresD.Store(lanes + 7 * Lanes);
    }

    private static void AddRest(float* line, int from, int k, ref float sum, ref float square)
    {
        for (var p = from; p < k; p++)
        {
            sum += line[p];
            square = MathF.FusedMultiplyAdd(line[p], line[p], square);
        }
    }
}
