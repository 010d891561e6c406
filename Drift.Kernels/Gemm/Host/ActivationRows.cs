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
        // Rows come from afar fastest in their order, one after the other; a few that are there are then summed together, where they were packed.
        for (var i = 0; i < count; i += Together)
        {
            var few = Math.Min(Together, count - i);
            for (var row = i; row < i + few; row++)
                Flip(rows + row * stride, k, flip, target + row * targetStride);
            if (sums != null)
                Add(target + i * targetStride, targetStride, few, k, flip, sums);
        }

        for (var p = 0; sums != null && p <= k - Strip; p += Strip)
            Order(sums + p, count);
    }

    // Bytes that become two vectors of sums: of every other byte, and of those between.
    private const int Strip = 64, Half = Strip / 2, Together = 8;

    private static void Flip(sbyte* row, int k, byte flip, sbyte* target)
    {
        var signs = Vector512.Create((sbyte)flip);
        var p = 0;
        for (; p <= k - Strip; p += Strip)
            (Vector512.Load(row + p) ^ signs).Store(target + p);
        for (; p < k; p++)
            target[p] = (sbyte)(row[p] ^ (sbyte)flip);
    }

    /// <summary>Adds packed rows. Sums of whole strips are of unsigned bytes, those of even ones before those of odd ones: so they are widened without a shuffle.</summary>
    private static void Add(sbyte* rows, nint stride, int count, int k, byte flip, short* sums)
    {
        var (unsigned, low) = (Vector512.Create((sbyte)(flip ^ 0x80)), Vector512.Create((ushort)byte.MaxValue));
        var p = 0;
        for (; p <= k - Strip; p += Strip)
        {
            var (even, odd) = (Vector512.Load((ushort*)sums + p), Vector512.Load((ushort*)sums + p + Half));
            for (var row = 0; row < count; row++)
            {
                var words = (Vector512.Load(rows + row * stride + p) ^ unsigned).AsUInt16();
                even += words & low;
                odd += words >> 8;
            }

            even.Store((ushort*)sums + p);
            odd.Store((ushort*)sums + p + Half);
        }

        for (; p < k; p++)
        {
            for (var row = 0; row < count; row++)
                sums[p] += (sbyte)(rows[row * stride + p] ^ (sbyte)flip);
        }
    }

    /// <summary>A strip's sums in the order of its bytes, without the 128 that each of the rows had too much.</summary>
    private static void Order(short* sums, int rows)
    {
        var excess = Vector512.Create((short)(rows << 7));
        var (even, odd) = (Vector512.Load(sums) - excess, Vector512.Load(sums + Half) - excess);
        if (Avx512BW.IsSupported)
        {
            var first = Vector512.Create(0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47);
            Avx512BW.PermuteVar32x16x2(even, first, odd).Store(sums);
            Avx512BW.PermuteVar32x16x2(even, first + Vector512.Create((short)(Half / 2)), odd).Store(sums + Half);
            return;
        }

        for (var i = 0; i < Half; i++)
            (sums[2 * i], sums[2 * i + 1]) = (even[i], odd[i]);
    }
}
