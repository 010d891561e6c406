using System.Reflection;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Drift.Kernels.Ilgpu;

/// <summary>What an NVIDIA GPU from sm_80 on has for products, and ILGPU no name for. (Its inline PTX passes operands through memory, which the assembler folds for a few only.)</summary>
internal static class TensorCores
{
    private const BindingFlags Own = BindingFlags.Static | BindingFlags.Public;

    /// <summary>
    /// A warp's 16 x 8 x 32 INT8 multiply-accumulate c + a b, modulo 2^32. Lane l, with g = l / 4 and t = l % 4, holds of A [16, 32] the words (four k each, low byte first) of rows g, g + 8, g,
    /// g + 8 at k = 4 t, 4 t, 4 t + 16, 4 t + 16; of B [32, 8] those of column g at k = 4 t and 4 t + 16; of C [16, 8] rows g, g, g + 8, g + 8 at columns 2 t, 2 t + 1, 2 t, 2 t + 1
    /// (PTX ISA, "Matrix Fragments for mma.m16n8k32").
    /// </summary>
    /// <param name="c">The lane's four accumulators.</param>
    /// <param name="a">The lane's four words of A.</param>
    /// <param name="low">The lane's word of B at k = 4 t.</param>
    /// <param name="high">The lane's word of B at k = 4 t + 16.</param>
    [IntrinsicImplementation]
    public static Lanes4 MultiplyAdd(Lanes4 c, Lanes4 a, int low, int high) => throw Elsewhere();

    /// <summary>Starts copying four words from global into shared memory, past the registers (PTX ISA, "cp.async").</summary>
    /// <param name="shared">Where they go, a multiple of 16 bytes.</param>
    /// <param name="source">Where they stand, likewise.</param>
    [IntrinsicImplementation]
    public static void CopyQuad(ref int shared, ref int source) => throw Elsewhere();

    /// <summary>Waits for the copies that this thread has started.</summary>
    [IntrinsicImplementation]
    public static void AwaitCopies() => throw Elsewhere();

    /// <summary>Teaches a context their code.</summary>
    internal static void Teach(IntrinsicImplementationManager manager)
    {
        foreach (var (name, code) in (ReadOnlySpan<(string, string)>)
            [(nameof(MultiplyAdd), nameof(MultiplyAddInPtx)), (nameof(CopyQuad), nameof(CopyQuadInPtx)), (nameof(AwaitCopies), nameof(AwaitCopiesInPtx))])
            manager.RegisterMethod(typeof(TensorCores).GetMethod(name, Own)!, new PTXIntrinsic(typeof(TensorCores), code, IntrinsicImplementationMode.GenerateCode));
    }

    private static void MultiplyAddInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        PTXRegisterAllocator.PrimitiveRegister[] c = Words(generator, value[0]), a = Words(generator, value[1]);
        PTXRegisterAllocator.PrimitiveRegister[] b = [Word(generator, value[2]), Word(generator, value[3])];
        var target = Primitives(generator.Allocate(value));
        using var command = generator.BeginCommand("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32");
        foreach (var fragment in (ReadOnlySpan<PTXRegisterAllocator.PrimitiveRegister[]>)[target, a, b, c])
            command.AppendVectorArgument(fragment);
    }

    private static void CopyQuadInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        var shared = Address(generator, value[0], "cvta.to.shared.u64");
        var source = Address(generator, value[1], "cvta.to.global.u64");
        using var command = generator.BeginCommand("cp.async.cg.shared.global");
        command.AppendArgumentValue(shared);
        command.AppendArgumentValue(source);
        command.AppendConstant(16L);
    }

    private static void AwaitCopiesInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value) => generator.Command("cp.async.wait_all");

    private static PTXRegisterAllocator.HardwareRegister Address(PTXCodeGenerator generator, Value pointer, string convert)
    {
        var source = generator.LoadHardware(pointer);
        var target = generator.AllocateRegister(source.Description);
        using var command = generator.BeginCommand(convert);
        command.AppendArgument(target);
        command.AppendArgument(source);
        return target;
    }

    private static PTXRegisterAllocator.PrimitiveRegister Word(PTXCodeGenerator generator, Value value) => generator.EnsureHardwareRegister(generator.LoadPrimitive(value));

    private static PTXRegisterAllocator.PrimitiveRegister[] Words(PTXCodeGenerator generator, Value value) =>
        [.. Primitives(generator.Load(value)).Select(generator.EnsureHardwareRegister)];

    private static PTXRegisterAllocator.PrimitiveRegister[] Primitives(PTXRegisterAllocator.Register register) =>
        [.. ((PTXRegisterAllocator.CompoundRegister)register).Children.Cast<PTXRegisterAllocator.PrimitiveRegister>()];

    private static NotSupportedException Elsewhere() => new("tensor cores are on NVIDIA GPUs only");
}
