using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Models;

/// <summary>Stored elements to fp32: exact from bf16, fp16 and fp8, rounded to nearest from wider types.</summary>
internal static class ElementConversion
{
    /// <summary>Converts all elements.</summary>
    /// <param name="dataType">The format's name of the type.</param>
    /// <param name="bytes">The elements, little-endian, at any alignment.</param>
    /// <param name="target">As many places as there are elements.</param>
    public static void ToFloat(string dataType, ReadOnlySpan<byte> bytes, Span<float> target)
    {
        switch (dataType)
        {
            case "F32": bytes.CopyTo(MemoryMarshal.AsBytes(target)); break;
            case "BF16": FromBrain(MemoryMarshal.Cast<byte, ushort>(bytes), target); break;
            case "F16": FromHalf(MemoryMarshal.Cast<byte, ushort>(bytes), target); break;
            case "F64": Each<double>(bytes, target, value => (float)value); break;
            case "I64": Each<long>(bytes, target, value => value); break;
            case "I32": Each<int>(bytes, target, value => value); break;
            case "I16": Each<short>(bytes, target, value => value); break;
            case "I8": Each<sbyte>(bytes, target, value => value); break;
            case "U64": Each<ulong>(bytes, target, value => value); break;
            case "U32": Each<uint>(bytes, target, value => value); break;
            case "U16": Each<ushort>(bytes, target, value => value); break;
            case "F8_E4M3": Each<byte>(bytes, target, FromE4M3); break;
            // The upper half of an fp16.
            case "F8_E5M2": Each<byte>(bytes, target, value => (float)BitConverter.UInt16BitsToHalf((ushort)(value << 8))); break;
            default: Each<byte>(bytes, target, value => value); break;
        }
    }

    private static void Each<T>(ReadOnlySpan<byte> bytes, Span<float> target, Func<T, float> convert)
        where T : unmanaged
    {
        var source = MemoryMarshal.Cast<byte, T>(bytes);
        for (var i = 0; i < source.Length; i++)
            target[i] = convert(source[i]);
    }

    /// <summary>OCP's 8-bit floating point with 4 bits of exponent (bias 7) and 3 of fraction: no infinity, and NaN where all of them are 1.</summary>
    private static float FromE4M3(byte value)
    {
        const int fraction = 8, bias = 7;
        var magnitude = value & 0x7F;
        var (exponent, steps) = Math.DivRem(magnitude, fraction);
        var size = magnitude == 0x7F ? float.NaN : MathF.ScaleB(exponent == 0 ? steps : steps + fraction, Math.Max(exponent, 1) - bias - 3);
        return value > 0x7F ? -size : size;
    }

    /// <summary>bf16 is the upper half of an fp32.</summary>
    private static void FromBrain(ReadOnlySpan<ushort> source, Span<float> target)
    {
        var i = 0;
        for (; i <= source.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Create(source[i..]));
            Vector512.Create(lower << 16, upper << 16).AsSingle().CopyTo(target[i..]);
        }

        for (; i < source.Length; i++)
            target[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }

    /// <summary>The fields of an fp16, moved to an fp32's places, read 2^112 times too small; subnormals come out right as well.</summary>
    private static void FromHalf(ReadOnlySpan<ushort> source, Span<float> target)
    {
        var i = 0;
        for (; i <= source.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Create(source[i..]));
            var half = Vector512.Create(lower, upper);
            var magnitude = half & Vector512.Create(0x7FFFu);
            var scaled = (magnitude << 13).AsSingle() * BitConverter.UInt32BitsToSingle((127u + 112) << 23);
            var notFinite = Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(0x7C00u)) & Vector512.Create(0x7F800000u);
            var sign = (half & Vector512.Create(0x8000u)) << 16;
            (scaled.AsUInt32() | notFinite | sign).AsSingle().CopyTo(target[i..]);
        }

        for (; i < source.Length; i++)
            target[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);
    }
}
