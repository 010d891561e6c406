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

    /// <summary>Rows that are summed together: the sums come and go once for all of them.</summary>
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
        // Rows come from afar fastest one after the other; a few are summed together when they are packed, and near.
        for (var i = 0; i < count; i += Together)
        {
            var few = Math.Min(Together, count - i);
            for (var row = i; row < i + few; row++)
                One(rows + row * stride, k, flip, target + row * targetStride);
            if (sums != null)
                Add(target + i * targetStride, targetStride, few, k, flip, sums);
        }
    }

    private static void One(sbyte* row, int k, byte flip, sbyte* target)
    {
        var p = 0;
        var signs = Vector512.Create((sbyte)flip);
        for (; p <= k - Vector512<sbyte>.Count; p += Vector512<sbyte>.Count)
            (Vector512.Load(row + p) ^ signs).Store(target + p);
        for (; p < k; p++)
            target[p] = (sbyte)(row[p] ^ (sbyte)flip);
    }

    /// <summary>Adds up to <see cref="Together"/> packed rows to the sums.</summary>
    /// <param name="a">First row.</param>
    /// <param name="stride">Bytes between rows.</param>
    /// <param name="count">Rows.</param>
    /// <param name="k">Bytes of a row.</param>
    /// <param name="flip">What every byte is XORed with.</param>
    /// <param name="sums">K sums.</param>
    public static void Add(sbyte* a, nint stride, int count, int k, byte flip, short* sums)
    {
        sbyte* b = a + stride, c = b + stride, d = c + stride;
        var signs = Vector256.Create((sbyte)flip);
        var p = 0;
        for (; count == Together && p <= k - Vector256<sbyte>.Count; p += Vector256<sbyte>.Count)
        {
            var (first, second) = (Wide(Vector256.Load(a + p) ^ signs) + Wide(Vector256.Load(b + p) ^ signs), Wide(Vector256.Load(c + p) ^ signs) + Wide(Vector256.Load(d + p) ^ signs));
            (Vector512.Load(sums + p) + (first + second)).Store(sums + p);
        }

        for (var row = 0; p < k && row < count; row++)
            AddRest(a + row * stride, p, k, flip, sums);
    }

    private static void AddRest(sbyte* row, int from, int k, byte flip, short* sums)
    {
        var p = from;
        var signs = Vector256.Create((sbyte)flip);
        for (; p <= k - Vector256<sbyte>.Count; p += Vector256<sbyte>.Count)
            (Vector512.Load(sums + p) + Wide(Vector256.Load(row + p) ^ signs)).Store(sums + p);
        for (; p < k; p++)
            sums[p] += (sbyte)(row[p] ^ (sbyte)flip);
    }

    /// <summary>Bytes as 16-bit numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Wide(Vector256<sbyte> values) =>
        Avx512BW.IsSupported ? Avx512BW.ConvertToVector512Int16(values) : Vector512.Create(Vector256.WidenLower(values), Vector256.WidenUpper(values));
}
