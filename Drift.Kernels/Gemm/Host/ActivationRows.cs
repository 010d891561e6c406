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
        // One row after the other: the sums stay in the first-level cache, and rows come from afar fastest in their order.
        for (var i = 0; i < count; i++)
            One(rows + i * stride, k, flip, target + i * targetStride, sums);
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
