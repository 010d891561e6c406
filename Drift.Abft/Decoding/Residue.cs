using System.Numerics;
using System.Runtime.CompilerServices;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>Numbers modulo 255, as locators are taken (<see cref="RowLocators"/>), and the signed powers of two that a deviation is made of.</summary>
internal static class Residue
{
    /// <summary>A number modulo 255, 0..254.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(int value)
    {
        var residue = value % RowLocators.Modulus;
        return residue + (residue >> 31 & RowLocators.Modulus);
    }

    /// <summary>What a flip at a place adds to its row's locator, modulo 255.</summary>
    /// <param name="change">By how much the flip changes its accumulator: plus or minus a power of two.</param>
    /// <param name="weight">The place's weight.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Product(int change, int weight)
    {
        // 2^8 is 1.
        var product = weight * (1 << (BitOperations.TrailingZeroCount(change) & 7));
        return Of(change < 0 ? -product : product);
    }

    /// <summary>The weight of the place where one flip makes a row deviate so: -127..127.</summary>
    /// <param name="change">By how much the row deviates: plus or minus a power of two.</param>
    /// <param name="locator">By how much its locator does, 0..254.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Quotient(int change, int locator)
    {
        var quotient = (int)((uint)(locator << (-BitOperations.TrailingZeroCount(change) & 7)) % RowLocators.Modulus);
        quotient = quotient > RowLocators.Modulus / 2 ? quotient - RowLocators.Modulus : quotient;
        return change < 0 ? -quotient : quotient;
    }

    /// <summary>Whether a number is plus or minus a power of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPower(int value) => BitOperations.PopCount((uint)Math.Abs((long)value)) == 1;

    /// <summary>The fewest signed powers of two that add up to a number: the non-zero digits of its non-adjacent form (G. W. Reitwiesner, 1960).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Terms(int value)
    {
        var size = (ulong)Math.Abs((long)value);
        return BitOperations.PopCount(size ^ 3 * size);
    }
}
