using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Abft;

/// <summary>Lists of a decoder, filled and read sixteen entries at a time and without branches, since which entries belong in them is chance.</summary>
internal static unsafe class LaneLists
{
    /// <summary>Entries of a vector. A list has room for so many behind its last entry.</summary>
    public const int Lanes = 16;

    /// <summary>Memory for lists, zeros at first, that stays where it is as long as it is referred to.</summary>
    /// <param name="entries">Entries of all lists, each in whole vectors.</param>
    /// <param name="first">Takes the first entry.</param>
    public static int[] Allocate(int entries, out int* first)
    {
        var memory = GC.AllocateArray<int>(entries, pinned: true);
        first = (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(memory));
        return memory;
    }

    /// <summary>Writes some entries of a vector side by side, and zeros behind them to a whole vector.</summary>
    /// <param name="entries">The vector.</param>
    /// <param name="which">All bits of those that are written, none of the others.</param>
    /// <param name="list">Where they go.</param>
    /// <returns>How many there were.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Pack(Vector512<int> entries, Vector512<int> which, int* list)
    {
        var bits = (uint)which.ExtractMostSignificantBits();
        if (Avx512F.IsSupported)
            Avx512F.Compress(Vector512<int>.Zero, which, entries).Store(list);
        else
            PackEach(entries, bits, list);
        return BitOperations.PopCount(bits);
    }

    /// <summary>Values that stand apart.</summary>
    /// <param name="first">Where places are counted from.</param>
    /// <param name="places">Where they are; all of them are there.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Take(int* first, Vector512<int> places)
    {
        if (Avx2.IsSupported)
            return Vector512.Create(Avx2.GatherVector256(first, places.GetLower(), sizeof(int)), Avx2.GatherVector256(first, places.GetUpper(), sizeof(int)));
        var values = Vector512<int>.Zero;
        for (var lane = 0; lane < Lanes; lane++)
            values = values.WithElement(lane, first[places[lane]]);
        return values;
    }

    private static void PackEach(Vector512<int> entries, uint which, int* list)
    {
        var at = 0;
        for (; which != 0; which &= which - 1)
            list[at++] = entries[BitOperations.TrailingZeroCount(which)];
        new Span<int>(list + at, Lanes - at).Clear();
    }
}
