using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>What a dot instruction does to a vector of lanes, one group of K in each 32-bit lane.</summary>
/// <typeparam name="TVector">Vector of 32-bit lanes.</typeparam>
internal interface IDot<TVector>
{
    /// <summary>Values of K in a group.</summary>
    static abstract int Depth { get; }

    /// <summary>Added to a weight sum's accumulators: -128 where activations are made unsigned, else 0.</summary>
    static abstract int Offset { get; }

    /// <summary>Groups of activations as the instruction wants them, one 32-bit lane each.</summary>
    static abstract void Gather(ReadOnlySpan<sbyte> activations, Span<int> groups);

    /// <summary>A group of weights as the instruction wants it.</summary>
    static abstract int Pack(ReadOnlySpan<sbyte> weights);

    /// <summary>sum + activations . weights, lane by lane.</summary>
    static abstract TVector Add(TVector sum, TVector activations, TVector weights);
}

/// <summary>Pairs of signed 16-bit values, the form that every exact pre-VNNI instruction set multiplies (the 8-bit pair instruction saturates).</summary>
internal static class Pairs
{
    public const int Depth = 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(ReadOnlySpan<sbyte> values) => (ushort)values[0] + (values.Length > 1 ? values[1] << 16 : 0);

    /// <summary>Sign-extends a line of activations.</summary>
    public static void Gather(ReadOnlySpan<sbyte> activations, Span<int> groups)
    {
        var wide = MemoryMarshal.Cast<int, short>(groups);
        var i = 0;
        for (; i <= wide.Length - Vector128<sbyte>.Count; i += Vector128<sbyte>.Count)
        {
            var (low, high) = Vector128.Widen(Vector128.Create(activations[i..]));
            low.CopyTo(wide[i..]);
            high.CopyTo(wide[(i + Vector128<short>.Count)..]);
        }

        for (; i < wide.Length; i++)
            wide[i] = activations[i];
    }
}

/// <summary>Four signed bytes in a 32-bit lane, the form of the VNNI instructions.</summary>
internal static class Quads
{
    public static int Of(ReadOnlySpan<sbyte> values)
    {
        var packed = 0;
        for (var i = 0; i < values.Length; i++)
            packed |= (byte)values[i] << (8 * i);
        return packed;
    }
}

/// <summary>vpmaddwd on zmm.</summary>
internal readonly struct MultiplyAdd512 : IDot<Vector512<int>>
{
    public static int Depth => Pairs.Depth;

    public static int Offset => 0;

    public static void Gather(ReadOnlySpan<sbyte> activations, Span<int> groups) => Pairs.Gather(activations, groups);

    public static int Pack(ReadOnlySpan<sbyte> weights) => Pairs.Of(weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> sum, Vector512<int> activations, Vector512<int> weights) =>
        sum + Avx512BW.MultiplyAddAdjacent(activations.AsInt16(), weights.AsInt16());
}

/// <summary>vpmaddwd on ymm.</summary>
internal readonly struct MultiplyAdd256 : IDot<Vector256<int>>
{
    public static int Depth => Pairs.Depth;

    public static int Offset => 0;

    public static void Gather(ReadOnlySpan<sbyte> activations, Span<int> groups) => Pairs.Gather(activations, groups);

    public static int Pack(ReadOnlySpan<sbyte> weights) => Pairs.Of(weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<int> activations, Vector256<int> weights) =>
        sum + Avx2.MultiplyAddAdjacent(activations.AsInt16(), weights.AsInt16());
}

/// <summary>vpdpbusd on ymm (AVX-VNNI): activations made unsigned by flipping their sign bit.</summary>
internal readonly struct Vnni256 : IDot<Vector256<int>>
{
    private const int SignBits = unchecked((int)0x80808080);

    public static int Depth => 4;

    public static int Offset => -128;

    public static void Gather(ReadOnlySpan<sbyte> activations, Span<int> groups)
    {
        var quads = MemoryMarshal.Cast<sbyte, int>(activations);
        for (var g = 0; g < groups.Length; g++)
            groups[g] = quads[g] ^ SignBits;
    }

    public static int Pack(ReadOnlySpan<sbyte> weights) => Quads.Of(weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<int> activations, Vector256<int> weights) =>
        AvxVnni.MultiplyWideningAndAdd(sum, activations.AsByte(), weights.AsSByte());
}

/// <summary>Pairs multiplied as 32-bit lanes with the operations that every host has.</summary>
internal readonly struct Portable256 : IDot<Vector256<int>>
{
    public static int Depth => Pairs.Depth;

    public static int Offset => 0;

    public static void Gather(ReadOnlySpan<sbyte> activations, Span<int> groups) => Pairs.Gather(activations, groups);

    public static int Pack(ReadOnlySpan<sbyte> weights) => Pairs.Of(weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<int> activations, Vector256<int> weights) =>
        sum + Low(activations) * Low(weights) + High(activations) * High(weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Low(Vector256<int> pairs) => pairs << 16 >> 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> High(Vector256<int> pairs) => pairs >> 16;
}
