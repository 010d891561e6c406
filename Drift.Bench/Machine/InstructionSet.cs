using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Drift.Bench;

/// <summary>A vector extension that INT8 kernels care for.</summary>
/// <param name="Name">As vendors write it.</param>
/// <param name="Available">Whether this process can use it.</param>
/// <param name="Detail">What it is for, or why it is missing.</param>
internal sealed record InstructionSet(string Name, bool Available, string Detail)
{
    /// <summary>Environment variable that forces the host's INT8 instruction path.</summary>
    public const string Variable = "DRIFT_ISA";

    private const int ExtendedFeatures = 7;

    /// <summary>All that Drift knows, in order of age.</summary>
    public static IReadOnlyList<InstructionSet> Survey()
    {
        // .NET has no class for the VNNI forms at 512 bits nor for BF16, so the processor itself is asked; each needs the family that .NET reports as enabled.
        var leaf = X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= ExtendedFeatures;
        var first = leaf ? X86Base.CpuId(ExtendedFeatures, 0) : default;
        var second = leaf ? X86Base.CpuId(ExtendedFeatures, 1) : default;
        return
        [
            X86("AVX2", Bit(first.Ebx, 5), Avx2.IsSupported, "256-bit integers"),
            X86("AVX-512F", Bit(first.Ebx, 16), Avx512F.IsSupported, "512-bit vectors"),
            X86("AVX-512BW", Bit(first.Ebx, 30), Avx512BW.IsSupported, "512-bit bytes and words"),
            X86("AVX-VNNI", Bit(second.Eax, 4), AvxVnni.IsSupported, "256-bit INT8 dot products"),
            X86("AVX512-VNNI", Bit(first.Ecx, 11), Avx512F.IsSupported, "512-bit INT8 dot products"),
            X86("AVX512-BF16", Bit(second.Eax, 5), Avx512F.IsSupported, "512-bit bf16 dot products"),
            Arm("Neon", AdvSimd.IsSupported, "128-bit vectors"),
            Arm("Neon dot product", Dp.IsSupported, "128-bit INT8 dot products"),
        ];
    }

    private static bool Bit(int register, int bit) => (register >> bit & 1) != 0;

    private static InstructionSet X86(string name, bool inProcessor, bool enabled, string use) => new(name, inProcessor && enabled,
        !X86Base.IsSupported ? $"an x86 extension; this is {RuntimeInformation.ProcessArchitecture}"
        : !inProcessor ? "the processor does not report it"
        : !enabled ? "the processor has it, but the operating system or a DOTNET_Enable... setting turns its family off"
        : use);

    private static InstructionSet Arm(string name, bool available, string use) => new(name, available,
        available ? use : ArmBase.IsSupported ? "the processor does not report it" : $"an Arm extension; this is {RuntimeInformation.ProcessArchitecture}");
}
