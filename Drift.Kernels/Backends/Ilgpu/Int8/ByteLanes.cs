using System.Reflection;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Drift.Kernels.Ilgpu;

/// <summary>Products of words of four INT8: NVIDIA GPUs from sm_61 on have an instruction for one (dp4a), which the PTX names. Everywhere else the same sum is written out.</summary>
internal static class ByteLanes
{
    private const BindingFlags Own = BindingFlags.Static | BindingFlags.Public;

    /// <summary>sum + x w over the four values of a word, modulo 2^32.</summary>
    [IntrinsicImplementation]
    public static int Dot(int sum, int x, int w) => WrittenOut(sum, x, w);

    /// <summary>The same without the instruction.</summary>
    public static int WrittenOut(int sum, int x, int w) =>
        sum + (x << 24 >> 24) * (w << 24 >> 24) + (x << 16 >> 24) * (w << 16 >> 24) + (x << 8 >> 24) * (w << 8 >> 24) + (x >> 24) * (w >> 24);

    /// <summary>Adds the products of eight words of activations and sixteen of weights.</summary>
    public static DirectTile Dot(DirectTile sum, Lanes4 upper, Lanes4 lower, Lanes16 w) => new(Dot(sum.Upper, upper, w), Dot(sum.Lower, lower, w));

    /// <summary>Registers the codes.</summary>
    internal static void Teach(IntrinsicImplementationManager manager)
    {
        Type[] words = [typeof(int), typeof(int), typeof(int)];
        var method = typeof(ByteLanes).GetMethod(nameof(Dot), Own, words)!;
        manager.RegisterMethod(method, new CLIntrinsic(typeof(ByteLanes).GetMethod(nameof(WrittenOut), Own, words)!, IntrinsicImplementationMode.Redirect));
        manager.RegisterMethod(method, new PTXIntrinsic(typeof(ByteLanes), nameof(DotInPtx), IntrinsicImplementationMode.GenerateCode));
    }

    private static RegisterTile Dot(RegisterTile sum, Lanes4 x, Lanes16 w) => new(Dot(sum.A, x.A, w), Dot(sum.B, x.B, w), Dot(sum.C, x.C, w), Dot(sum.D, x.D, w));

    private static Lanes16 Dot(Lanes16 sum, int x, Lanes16 w) => new(Dot(sum.A, x, w.A), Dot(sum.B, x, w.B), Dot(sum.C, x, w.C), Dot(sum.D, x, w.D));

    private static Lanes4 Dot(Lanes4 sum, int x, Lanes4 w) => new(Dot(sum.A, x, w.A), Dot(sum.B, x, w.B), Dot(sum.C, x, w.C), Dot(sum.D, x, w.D));

    private static void DotInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        PTXRegisterAllocator.PrimitiveRegister sum = generator.LoadPrimitive(value[0]), x = generator.LoadPrimitive(value[1]), w = generator.LoadPrimitive(value[2]);
        var target = generator.AllocateHardware(value);
        using var command = generator.BeginCommand("dp4a.s32.s32");
        foreach (var operand in (ReadOnlySpan<PTXRegisterAllocator.PrimitiveRegister>)[target, x, w, sum])
            command.AppendArgument(operand);
    }
}
