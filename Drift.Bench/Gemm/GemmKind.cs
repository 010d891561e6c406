using System.Numerics;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>All that one type of product needs to be compared.</summary>
internal sealed record GemmKind<TIn, TOut>
    where TIn : unmanaged
    where TOut : unmanaged, INumber<TOut>
{
    /// <summary>The type's name.</summary>
    public required string Type { get; init; }

    /// <summary>Unit of its speed; a multiply-accumulate counts as two, checks as none.</summary>
    public required string Unit { get; init; }

    /// <summary>Largest difference between two sides, as a share of the largest magnitude.</summary>
    public required double Tolerance { get; init; }

    /// <summary>What is timed.</summary>
    public required IReadOnlyList<GemmLayer> Layers { get; init; }

    /// <summary>Ours without checks, by the name it has.</summary>
    public Guarding Plain { get; init; } = Guarding.None;

    /// <summary>Protections that ours has besides none.</summary>
    public required IReadOnlyList<Guarding> Guards { get; init; }

    /// <summary>Rivals.</summary>
    public required IReadOnlyList<IRival<TIn, TOut>> Rivals { get; init; }

    /// <summary>Makes the operands of a shape.</summary>
    public required Func<GemmShape, Operands<TIn>> Draw { get; init; }

    /// <summary>Makes ours: operands, threads, guarding, flips an element.</summary>
    public required Func<Operands<TIn>, int, Guarding, double, IProduct<TOut>> Ours { get; init; }

    /// <summary>Whether ours runs on as many threads as it is told; a device takes what it has.</summary>
    public bool ByThreads { get; init; } = true;

    /// <summary>Whether protected products are timed against rivals too; where time is short, what they cost against ours without checks says it.</summary>
    public bool GuardedMeetRivals { get; init; } = true;
}

/// <summary>The types.</summary>
internal static class GemmKinds
{
    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Types => [Int8.Type, Float.Type, Bfloat16.Type];

    /// <summary>s8 x s8 -> s32.</summary>
    public static GemmKind<sbyte, int> Int8 { get; } = new()
    {
        Type = "int8",
        Unit = "GOP/s",
        Tolerance = 0,
        Layers = [.. GemmLayer.DitXl, GemmLayer.Tiny],
        Guards = Guarding.Checked,
        Rivals = RivalRegistry.Int8,
        Draw = Operands.Int8,
        Ours = (operands, threads, guarding, faultRate) => new OurInt8Product(operands, threads, guarding, faultRate),
    };

    /// <summary>fp32.</summary>
    public static GemmKind<float, float> Float { get; } = new()
    {
        Type = "fp32",
        Unit = "GFLOP/s",
        Tolerance = 1e-4,
        Layers = [GemmLayer.Cube, .. GemmLayer.DitXl],
        Guards = Guarding.CheckedFloats,
        Rivals = RivalRegistry.Float,
        Draw = Operands.Float,
        Ours = (operands, threads, guarding, faultRate) => new OurFloatProduct(operands, threads, guarding, faultRate),
    };

    /// <summary>bf16, against our fp32: operands are rounded to 8 bits, so the two agree that well only.</summary>
    public static GemmKind<float, float> Bfloat16 { get; } = Float with
    {
        Type = "bf16",
        Tolerance = 1e-2,
        Guards = [],
        Rivals = [new OurFp32()],
        Ours = (operands, threads, guarding, faultRate) => new OurFloatProduct(operands, threads, guarding, faultRate, rounded: true),
    };
}
