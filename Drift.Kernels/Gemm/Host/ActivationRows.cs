using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>
/// INT8 rows as the micro-kernel wants them: whole groups of K at a stride that the caches like, their sign bits flipped where it multiplies unsigned bytes. In the same
/// pass, the column sums of a checksum tile.
/// </summary>
internal static unsafe class ActivationRows
{
    /// <summary>Bytes between packed rows: cache lines, an odd number of half pages apart, so that neighbouring rows do not share a set of the first-level cache.</summary>
    /// <param name="bytes">Bytes of a row.</param>
    public static nint Stride(nint bytes)
    {
        const int Line = 64, Conflict = 1024;
        var lines = (bytes + Line - 1) / Line * Line;
        return lines % Conflict == 0 ? lines + Line : lines;
    }

    /// <summary>Rows that are read side by side where they are summed: the sums come and go once for all of them.</summary>
    public const int Together = 4;

    /// <summary>Packs rows, and sums them column by column.</summary>
    /// <param name="rows">First row.</param>
    /// <param name="stride">Bytes between rows.</param>
    /// <param name="count">Rows, at most 256 where they are summed.</param>
    /// <param name="k">Bytes of a row.</param>
    /// <param name="flip">What every byte is XORed with.</param>
    /// <param name="target">Takes the rows.</param>
    /// <param name="targetStride">Bytes between them.</param>
    /// <param name="sums">K sums that the bytes as they were are added to; null for none.</param>
    public static void Pack(sbyte* rows, nint stride, int count, int k, byte flip, sbyte* target, nint targetStride, short* sums)
    {
        var i = 0;
        for (; sums != null && i <= count - Together; i += Together)
            Four(rows + i * stride, stride, k, flip, target + i * targetStride, targetStride, sums);
        for (; i < count; i++)
            One(rows + i * stride, k, flip, target + i * targetStride, sums);
    }

    private static void Four(sbyte* a, nint stride, int k, byte flip, sbyte* target, nint targetStride, short* sums)
    {
        sbyte* b = a + stride, c = b + stride, d = c + stride;
        sbyte* toB = target + targetStride, toC = toB + targetStride, toD = toC + targetStride;
        var signs = Vector256.Create((sbyte)flip);
        var p = 0;
        for (; p <= k - Vector256<sbyte>.Count; p += Vector256<sbyte>.Count)
        {
            var (va, vb, vc, vd) = (Vector256.Load(a + p), Vector256.Load(b + p), Vector256.Load(c + p), Vector256.Load(d + p));
            (Vector512.Load(sums + p) + (Wide(va) + Wide(vb)) + (Wide(vc) + Wide(vd))).Store(sums + p);
            (va ^ signs).Store(target + p);
            (vb ^ signs).Store(toB + p);
            (vc ^ signs).Store(toC + p);
            (vd ^ signs).Store(toD + p);
        }

        if (p == k)
            return;
        for (var i = 0; i < Together; i++)
            One(a + i * stride + p, k - p, flip, target + i * targetStride + p, sums + p);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Wide(Vector256<sbyte> values) =>
        Avx512BW.IsSupported ? Avx512BW.ConvertToVector512Int16(values) : Vector512.Create(Vector256.WidenLower(values), Vector256.WidenUpper(values));
}
