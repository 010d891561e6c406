using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// INT8 rows as the micro-kernel wants them: whole groups of K at a stride that the caches like, their sign bits flipped where it multiplies unsigned bytes. In the same
/// pass, the column sums of a checksum tile.
/// </summary>
internal static unsafe class ActivationRows
{
    private const int RowsAtATime = 4;

    /// <summary>Bytes between packed rows: cache lines, an odd number of half pages apart, so that neighbouring rows do not share a set of the first-level cache.</summary>
    /// <param name="bytes">Bytes of a row.</param>
    public static nint Stride(nint bytes)
    {
        const int Line = 64, Conflict = 1024;
        var lines = (bytes + Line - 1) / Line * Line;
        return lines % Conflict == 0 ? lines + Line : lines;
    }

    /// <summary>Packs rows, and sums them column by column.</summary>
    /// <param name="rows">First row.</param>
    /// <param name="stride">Bytes between rows.</param>
    /// <param name="count">Rows, at most 256 where they are summed.</param>
    /// <param name="k">Bytes of a row.</param>
    /// <param name="flip">What every byte is XORed with.</param>
    /// <param name="target">Takes the rows.</param>
    /// <param name="targetStride">Bytes between them.</param>
    /// <param name="sums">Takes K sums, of the bytes as they were; null for none.</param>
    public static void Pack(sbyte* rows, nint stride, int count, int k, byte flip, sbyte* target, nint targetStride, short* sums)
    {
        if (sums != null)
            new Span<short>(sums, k).Clear();
        for (var i = 0; i < count; i += RowsAtATime, rows += RowsAtATime * stride, target += RowsAtATime * targetStride)
        {
            if (sums == null || count - i < RowsAtATime)
            {
                for (var r = 0; r < Math.Min(RowsAtATime, count - i); r++)
                    One(rows + r * stride, k, flip, target + r * targetStride, sums);
            }
            else
            {
                Four(rows, stride, k, flip, target, targetStride, sums);
            }
        }
    }

    private static void One(sbyte* row, int k, byte flip, sbyte* target, short* sums)
    {
        var p = 0;
        var signs = Vector256.Create((sbyte)flip);
        for (; p <= k - Vector256<sbyte>.Count; p += Vector256<sbyte>.Count)
        {
            var values = Vector256.Load(row + p);
            (values ^ signs).Store(target + p);
            if (sums != null)
                (Vector512.Load(sums + p) + Wide(values)).Store(sums + p);
        }

        for (; p < k; p++)
        {
            // The sum first: the rows may be packed in place.
            if (sums != null)
                sums[p] += row[p];
            target[p] = (sbyte)(row[p] ^ (sbyte)flip);
        }
    }

    private static void Four(sbyte* a, nint stride, int k, byte flip, sbyte* target, nint targetStride, short* sums)
    {
        sbyte* b = a + stride, c = b + stride, d = c + stride;
        sbyte* toB = target + targetStride, toC = toB + targetStride, toD = toC + targetStride;
        var p = 0;
        var signs = Vector256.Create((sbyte)flip);
        for (; p <= k - Vector256<sbyte>.Count; p += Vector256<sbyte>.Count)
        {
            var (va, vb, vc, vd) = (Vector256.Load(a + p), Vector256.Load(b + p), Vector256.Load(c + p), Vector256.Load(d + p));
            (va ^ signs).Store(target + p);
            (vb ^ signs).Store(toB + p);
            (vc ^ signs).Store(toC + p);
            (vd ^ signs).Store(toD + p);
            (Vector512.Load(sums + p) + (Wide(va) + Wide(vb)) + (Wide(vc) + Wide(vd))).Store(sums + p);
        }

        for (; p < k; p++)
        {
            sums[p] += (short)(a[p] + b[p] + c[p] + d[p]);
            (target[p], toB[p], toC[p], toD[p]) = ((sbyte)(a[p] ^ (sbyte)flip), (sbyte)(b[p] ^ (sbyte)flip), (sbyte)(c[p] ^ (sbyte)flip), (sbyte)(d[p] ^ (sbyte)flip));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Wide(Vector256<sbyte> values) => Vector512.Create(Vector256.WidenLower(values), Vector256.WidenUpper(values));
}
