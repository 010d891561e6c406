using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Drift.Kernels.Ilgpu;

/// <summary>An instruction that every kind of device has and ILGPU has no name for. On the simulator its body below runs as it stands.</summary>
internal static class DeviceMath
{
    private const BindingFlags Own = BindingFlags.Static | BindingFlags.Public;

    /// <summary>Teaches a context the code of this, of <see cref="PairLanes"/>, of <see cref="ByteLanes"/>, of <see cref="TensorCores"/> and of <see cref="WarpGroups"/>.</summary>
    /// <param name="builder">A context that is being made.</param>
    public static Context.Builder Teach(this Context.Builder builder)
    {
        // Before any device is looked for: ILGPU looks for the driver once.
        _ = CudaDriver.Known;
        var manager = builder.GetIntrinsicManager();
        var intrinsic = typeof(DeviceMath).GetMethod(nameof(FusedMultiplyAdd), Own)!;
        manager.RegisterMethod(intrinsic, new CLIntrinsic(typeof(DeviceMath), nameof(FusedInOpenCL), IntrinsicImplementationMode.GenerateCode));
        manager.RegisterMethod(intrinsic, new PTXIntrinsic(typeof(DeviceMath), nameof(FusedInPtx), IntrinsicImplementationMode.GenerateCode));
        PairLanes.Teach(manager);
        ByteLanes.Teach(manager);
        TensorCores.Teach(manager);
        WarpGroups.Teach(manager);
        return builder;
    }

    /// <summary>x y + sum, rounded once.</summary>
    [IntrinsicImplementation]
    public static float FusedMultiplyAdd(float x, float y, float sum) => MathF.FusedMultiplyAdd(x, y, sum);

    /// <summary>x y, rounded, also where the compiler of a GPU would fuse it with the addition that takes it: adding -0 changes no bit.</summary>
    public static float Multiply(float x, float y) => FusedMultiplyAdd(x, y, -0f);

    private static void FusedInOpenCL(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        using var statement = generator.BeginStatement(generator.Allocate(value));
        statement.AppendCommand("fma");
        statement.BeginArguments();
        for (var i = 0; i < 3; i++)
            statement.AppendArgument(generator.Load(value[i]));
        statement.EndArguments();
    }

    private static void FusedInPtx(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        var operands = new[] { generator.LoadPrimitive(value[0]), generator.LoadPrimitive(value[1]), generator.LoadPrimitive(value[2]) };
        var target = generator.AllocateHardware(value);
        using var command = generator.BeginCommand("fma.rn.f32");
        command.AppendArgument(target);
        foreach (var operand in operands)
            command.AppendArgument(operand);
    }

    /// <summary>An operand in OpenCL's text.</summary>
    internal static string Name(VariableAllocator.Variable variable) =>
        variable is VariableAllocator.ConstantVariable constant ? FormattableString.Invariant($"({constant.Value.Int32Value})") : variable.ToString();
}
