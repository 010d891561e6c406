using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Drift.Kernels.Ilgpu;

/// <summary>Instructions that every kind of device has and ILGPU has no name for. On the simulator the bodies below run as they stand.</summary>
internal static class DeviceMath
{
    private const BindingFlags Own = BindingFlags.Static | BindingFlags.Public;

    /// <summary>Teaches a context the code of these and of <see cref="PairLanes"/>.</summary>
    /// <param name="builder">A context that is being made.</param>
    public static Context.Builder Teach(this Context.Builder builder)
    {
        var manager = builder.GetIntrinsicManager();
        Register(manager, typeof(DeviceMath), nameof(FusedMultiplyAdd), nameof(FusedInOpenCL), nameof(FusedInPtx));
        Register(manager, typeof(DeviceMath), nameof(DotBytes), nameof(DotBytesInOpenCL), nameof(DotBytesInPtx));
        PairLanes.Teach(manager);
        return builder;
    }

    /// <summary>x y + sum, rounded once.</summary>
    [IntrinsicImplementation]
    public static float FusedMultiplyAdd(float x, float y, float sum) => MathF.FusedMultiplyAdd(x, y, sum);

    /// <summary>sum and the products of four signed bytes each, modulo 2^32: <c>dp4a</c> on NVIDIA GPUs from sm_61 on.</summary>
    [IntrinsicImplementation]
    public static int DotBytes(int x, int y, int sum) =>
        sum + (x << 24 >> 24) * (y << 24 >> 24) + (x << 16 >> 24) * (y << 16 >> 24) + (x << 8 >> 24) * (y << 8 >> 24) + (x >> 24) * (y >> 24);

    private static void Register(IntrinsicImplementationManager manager, Type type, string method, string openCL, string ptx)
    {
        var intrinsic = type.GetMethod(method, Own)!;
        manager.RegisterMethod(intrinsic, new CLIntrinsic(type, openCL, IntrinsicImplementationMode.GenerateCode));
        manager.RegisterMethod(intrinsic, new PTXIntrinsic(type, ptx, IntrinsicImplementationMode.GenerateCode));
    }

    private static void FusedInOpenCL(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        using var statement = generator.BeginStatement(generator.Allocate(value));
        statement.AppendCommand("fma");
        statement.BeginArguments();
        for (var i = 0; i < 3; i++)
            statement.AppendArgument(generator.Load(value[i]));
        statement.EndArguments();
    }

    private static void FusedInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value) => Ternary(generator, value, "fma.rn.f32");

    private static void DotBytesInOpenCL(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        string x = Name(generator.Load(value[0])), y = Name(generator.Load(value[1])), sum = Name(generator.Load(value[2]));
        var target = generator.Allocate(value);
        generator.Declare(target);
        generator.Builder.Append(
            $"\n\t{target} = {sum} + ({x} << 24 >> 24) * ({y} << 24 >> 24) + ({x} << 16 >> 24) * ({y} << 16 >> 24) + ({x} << 8 >> 24) * ({y} << 8 >> 24) + ({x} >> 24) * ({y} >> 24);\n");
    }

    private static void DotBytesInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value) => Ternary(generator, value, "dp4a.s32.s32");

    /// <summary>An operand in OpenCL's text.</summary>
    internal static string Name(VariableAllocator.Variable variable) =>
        variable is VariableAllocator.ConstantVariable constant ? FormattableString.Invariant($"({constant.Value.Int32Value})") : variable.ToString();

    private static void Ternary(PTXCodeGenerator generator, Value value, string instruction)
    {
        var operands = new[] { generator.LoadPrimitive(value[0]), generator.LoadPrimitive(value[1]), generator.LoadPrimitive(value[2]) };
        var target = generator.AllocateHardware(value);
        using var command = generator.BeginCommand(instruction);
        command.AppendArgument(target);
        foreach (var operand in operands)
            command.AppendArgument(operand);
    }
}
