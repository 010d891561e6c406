using System.Reflection;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// What an NVIDIA GPU of sm_90a has for products, and ILGPU no name for: four warps, a warp group, multiply 64 rows of A with up to 256 columns of W, both read from shared memory by the matrix units
/// themselves (PTX ISA, "wgmma").
/// </summary>
internal static class WarpGroups
{
    /// <summary>Rows of A that a warp group takes, a warp 16 of them.</summary>
    public const int Rows = 64;

    /// <summary>Bytes of an operand's line in a slice of shared memory, of which an instruction takes 32.</summary>
    public const int LineBytes = 128;

    private const BindingFlags Own = BindingFlags.Static | BindingFlags.Public;

    // What is multiplied, and what follows the operands: that the accumulators are added to; of floats that no operand is negated or transposed.
    private static readonly (string Form, int[] Flags) Int8 = ("k32.s32.s8.s8", [1]), Half = ("k16.f32.f16.f16", [1, 1, 1, 0, 0]);

    private const int Instructions = LineBytes / 32;

    /// <summary>
    /// A warp group's 64 x 128 x 128 INT8 multiply-accumulate sum + a w, modulo 2^32, done when it returns. Lane 4 g + t of warp i holds rows 16 i + g and 16 i + g + 8, columns 8 j + 2 t and
    /// 8 j + 2 t + 1 for j = 0 to 15: four words a j, by rows (PTX ISA, "Register Fragments for wgmma.mma_async.m64nNk32").
    /// </summary>
    /// <param name="sum">The lane's accumulators.</param>
    /// <param name="a">Where 64 lines of A stand (<see cref="Operand"/>).</param>
    /// <param name="w">Where 128 lines of W stand.</param>
    [IntrinsicImplementation]
    public static RegisterTile MultiplyWide(RegisterTile sum, long a, long w) => throw Elsewhere();

    /// <summary>The same in fp16, 64 values a line, into fp32, whose bits the accumulators are (PTX ISA, "Register Fragments for wgmma.mma_async.m64nNk16").</summary>
    /// <inheritdoc cref="MultiplyWide"/>
    [IntrinsicImplementation]
    public static RegisterTile MultiplyWideHalf(RegisterTile sum, long a, long w) => throw Elsewhere();

    /// <summary><see cref="MultiplyWide"/> with 64 lines of W: the lane's first 32 accumulators, the others stay.</summary>
    /// <inheritdoc cref="MultiplyWide"/>
    [IntrinsicImplementation]
    public static RegisterTile MultiplyNarrow(RegisterTile sum, long a, long w) => throw Elsewhere();

    /// <summary><see cref="MultiplyWide"/> of 128 lines of A with 32 of W: the lane's first 16 accumulators of the first 64 lines, the next 16 of the others, the rest stays.</summary>
    /// <param name="sum">The lane's accumulators.</param>
    /// <param name="a">Where 128 lines of A stand.</param>
    /// <param name="w">Where 32 lines of W stand.</param>
    [IntrinsicImplementation]
    public static RegisterTile MultiplyTall(RegisterTile sum, long a, long w) => throw Elsewhere();

    /// <summary><see cref="MultiplyWide"/> with 16 further lines behind those of W: 8 accumulators a lane more, of columns 2 t, 2 t + 1, 8 + 2 t and 9 + 2 t.</summary>
    /// <param name="sum">The lane's accumulators.</param>
    /// <param name="a">Where 64 lines of A stand.</param>
    /// <param name="w">Where 144 lines stand.</param>
    [IntrinsicImplementation]
    public static CheckedTile MultiplyChecked(CheckedTile sum, long a, long w) => throw Elsewhere();

    /// <summary>Closes a batch of copies (<see cref="TensorCores.CopyQuad"/>): those that this thread has started since the last.</summary>
    [IntrinsicImplementation]
    public static void CloseBatch() => throw Elsewhere();

    /// <summary>Waits for this thread's copies but those of the last batch, and hands them on to the matrix units of whoever passes the next barrier.</summary>
    [IntrinsicImplementation]
    public static void AwaitBatch() => throw Elsewhere();

    /// <summary>
    /// How an instruction is told where lines stand: groups of eight lines of 128 bytes, 1024 bytes apart, from a multiple of 1024 on, the eight quads of a line changed in their places by the line's number
    /// (PTX ISA, "Matrix Descriptor Format", 128-byte swizzling).
    /// </summary>
    /// <param name="address">In shared memory.</param>
    public static long Operand(int address) => (long)((address & 0x3FFFF) >> 4) | 1L << 16 | 8L * LineBytes / 16 << 32 | 1L << 62;

    /// <summary>Bytes from the first line to a line's quad.</summary>
    /// <param name="line">The line.</param>
    /// <param name="quad">0 to 7.</param>
    public static int At(int line, int quad) => line * LineBytes + (quad ^ line & 7) * 16;

    /// <summary>Teaches a context their code.</summary>
    internal static void Teach(IntrinsicImplementationManager manager)
    {
        foreach (var (name, code) in (ReadOnlySpan<(string, string)>)
            [
                (nameof(MultiplyWide), nameof(MultiplyWideInPtx)), (nameof(MultiplyWideHalf), nameof(MultiplyWideHalfInPtx)),
                (nameof(MultiplyNarrow), nameof(MultiplyNarrowInPtx)), (nameof(MultiplyTall), nameof(MultiplyTallInPtx)), (nameof(MultiplyChecked), nameof(MultiplyCheckedInPtx)),
                (nameof(CloseBatch), nameof(CloseBatchInPtx)), (nameof(AwaitBatch), nameof(AwaitBatchInPtx)),
            ])
            manager.RegisterMethod(typeof(WarpGroups).GetMethod(name, Own)!, new PTXIntrinsic(typeof(WarpGroups), code, IntrinsicImplementationMode.GenerateCode));
    }

    private static void MultiplyWideInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value) => Multiply(generator, value, Int8, 128);

    private static void MultiplyWideHalfInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value) => Multiply(generator, value, Half, 128);

    private static void MultiplyNarrowInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value) => Multiply(generator, value, Int8, 64);

    private static void MultiplyTallInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value) => Multiply(generator, value, Int8, 32, parts: 2);

    private static void MultiplyCheckedInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value) => Multiply(generator, value, Int8, 144);

    /// <summary>Operands and accumulators are read while the warps go on: nothing may come between the first instruction and the wait, so all of it is one value to ILGPU.</summary>
    private static void Multiply(PTXCodeGenerator generator, Value value, (string Form, int[] Flags) element, int columns, int parts = 1)
    {
        var source = Primitives(generator.Load(value[0]));
        var target = Primitives(generator.Allocate(value));
        for (var i = 0; i < target.Length; i++)
        {
            using var move = generator.BeginCommand("mov.b32");
            move.AppendArgument(target[i]);
            move.AppendArgument(source[i]);
        }

        PTXRegisterAllocator.HardwareRegister firstA = generator.LoadHardware(value[1]), firstW = generator.LoadHardware(value[2]);
        generator.Command("wgmma.fence.sync.aligned");
        for (var part = 0; part < parts; part++)
        {
            for (var i = 0; i < Instructions; i++)
            {
                var (a, w) = (Further(generator, firstA, part * Rows * LineBytes + 32 * i), Further(generator, firstW, 32 * i));
                using var command = generator.BeginCommand($"wgmma.mma_async.sync.aligned.m64n{columns}{element.Form}");
                command.AppendVectorArgument(target[(part * columns / 2)..((part + 1) * columns / 2)]);
                command.AppendArgument(a);
                command.AppendArgument(w);
                foreach (var flag in element.Flags)
                    command.AppendConstant((long)flag);
            }
        }

        generator.Command("wgmma.commit_group.sync.aligned");
        generator.Command("wgmma.wait_group.sync.aligned 0");
    }

    /// <summary>Some bytes further, a multiple of 16: in such units places are told.</summary>
    private static PTXRegisterAllocator.HardwareRegister Further(PTXCodeGenerator generator, PTXRegisterAllocator.HardwareRegister operand, int bytes)
    {
        if (bytes == 0)
            return operand;
        var next = generator.AllocateRegister(operand.Description);
        using var command = generator.BeginCommand("add.s64");
        command.AppendArgument(next);
        command.AppendArgument(operand);
        command.AppendConstant((long)(bytes / 16));
        return next;
    }

    private static void CloseBatchInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value) => generator.Command("cp.async.commit_group");

    private static void AwaitBatchInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        generator.Command("cp.async.wait_group 1");
        generator.Command("fence.proxy.async.shared::cta");
    }

    private static PTXRegisterAllocator.PrimitiveRegister[] Primitives(PTXRegisterAllocator.Register register) =>
        [.. ((PTXRegisterAllocator.CompoundRegister)register).Children.Cast<PTXRegisterAllocator.PrimitiveRegister>()];

    private static NotSupportedException Elsewhere() => new("warp groups multiply on NVIDIA GPUs of sm_90a only");
}
