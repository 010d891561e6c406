using System.Reflection;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Values;

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

    /// <summary>
    /// A warp's 16 x 8 x 16 fp16 multiply-accumulate into fp32, c + a b, in the same words: two k each, those of <see cref="MultiplyAdd"/> at half its k; accumulators are the bits of floats
    /// (PTX ISA, "Matrix Fragments for mma.m16n8k16 with floating point type").
    /// </summary>
    /// <inheritdoc cref="MultiplyAdd"/>
    [IntrinsicImplementation]
    public static Lanes4 MultiplyAddHalf(Lanes4 c, Lanes4 a, int low, int high) => throw Elsewhere();

    /// <summary>Four matrices of 8 x 16 bytes from shared memory: lane l gives the place of row l % 8 of matrix l / 8, and gets of each matrix the word l % 4 of row l / 4 (PTX ISA, "ldmatrix").</summary>
    /// <param name="address">Where the lane's row stands (<see cref="SharedAddress"/>), less <paramref name="offset"/>.</param>
    /// <param name="offset">Bytes; a constant costs nothing.</param>
    [IntrinsicImplementation]
    public static Lanes4 LoadMatrices(int address, int offset) => throw Elsewhere();

    /// <summary>Starts copying four words from global into shared memory, past the registers (PTX ISA, "cp.async").</summary>
    /// <param name="address">Where they go, less <paramref name="offset"/>; a multiple of 16 bytes.</param>
    /// <param name="offset">Bytes; a constant costs nothing.</param>
    /// <param name="source">Where they stand, a multiple of 16 bytes.</param>
    [IntrinsicImplementation]
    public static void CopyQuad(int address, int offset, ref int source) => throw Elsewhere();

    /// <summary>Where a word stands in shared memory.</summary>
    /// <param name="word">The word.</param>
    [IntrinsicImplementation]
    public static int SharedAddress(ref int word) => throw Elsewhere();

    /// <summary>Waits for the copies that this thread has started.</summary>
    [IntrinsicImplementation]
    public static void AwaitCopies() => throw Elsewhere();

    /// <summary>Teaches a context their code.</summary>
    internal static void Teach(IntrinsicImplementationManager manager)
    {
        foreach (var (name, code) in (ReadOnlySpan<(string, string)>)
            [
                (nameof(MultiplyAdd), nameof(MultiplyAddInPtx)), (nameof(MultiplyAddHalf), nameof(MultiplyAddHalfInPtx)), (nameof(LoadMatrices), nameof(LoadMatricesInPtx)), (nameof(CopyQuad), nameof(CopyQuadInPtx)),
                (nameof(SharedAddress), nameof(SharedAddressInPtx)), (nameof(AwaitCopies), nameof(AwaitCopiesInPtx)),
            ])
            manager.RegisterMethod(typeof(TensorCores).GetMethod(name, Own)!, new PTXIntrinsic(typeof(TensorCores), code, IntrinsicImplementationMode.GenerateCode));
    }

    private static void MultiplyAddInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value) => Emit(generator, value, "m16n8k32.row.col.s32.s8.s8.s32");

    private static void MultiplyAddHalfInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value) => Emit(generator, value, "m16n8k16.row.col.f32.f16.f16.f32");

    private static void Emit(PTXCodeGenerator generator, Value value, string form)
    {
        PTXRegisterAllocator.PrimitiveRegister[] c = Words(generator, value[0]), a = Words(generator, value[1]);
        PTXRegisterAllocator.PrimitiveRegister[] b = [Word(generator, value[2]), Word(generator, value[3])];
        var target = Primitives(generator.Allocate(value));
        using var command = generator.BeginCommand($"mma.sync.aligned.{form}");
        foreach (var fragment in (ReadOnlySpan<PTXRegisterAllocator.PrimitiveRegister[]>)[target, a, b, c])
            command.AppendVectorArgument(fragment);
    }

    private static void LoadMatricesInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        var (address, offset) = Place(generator, value);
        var target = Primitives(generator.Allocate(value));
        using var command = generator.BeginCommand("ldmatrix.sync.aligned.m8n8.x4.shared.b16");
        command.AppendVectorArgument(target);
        command.AppendArgumentValue(address, offset);
    }

    private static void CopyQuadInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        var (address, offset) = Place(generator, value);
        var source = Address(generator, value[2], "cvta.to.global.u64");
        using var command = generator.BeginCommand("cp.async.cg.shared.global");
        command.AppendArgumentValue(address, offset);
        command.AppendArgumentValue(source);
        command.AppendConstant(16L);
    }

    private static void SharedAddressInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        var wide = Address(generator, value[0], "cvta.to.shared.u64");
        var target = generator.AllocateHardware(value);
        using var command = generator.BeginCommand("cvt.u32.u64");
        command.AppendArgument(target);
        command.AppendArgument(wide);
    }

    private static void AwaitCopiesInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value) => generator.Command("cp.async.wait_all");

    /// <summary>A register and a constant, or what is in both added up.</summary>
    private static (PTXRegisterAllocator.HardwareRegister Address, int Offset) Place(PTXCodeGenerator generator, Value value)
    {
        var address = generator.EnsureHardwareRegister(generator.LoadPrimitive(value[0]));
        if (value[1].Resolve() is PrimitiveValue constant)
            return (address, constant.Int32Value);
        var offset = generator.LoadPrimitive(value[1]);
        var sum = generator.AllocateInt32Register();
        using var command = generator.BeginCommand("add.s32");
        command.AppendArgument(sum);
        command.AppendArgument(address);
        command.AppendArgument(offset);
        return (sum, 0);
    }

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
