using System.Reflection;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>What NVIDIA's driver would be given: kernels as PTX for sm_80, compiled where no GPU is.</summary>
internal static class PtxListing
{
    /// <summary>The kernels, by name; those that a launch groups by itself take an index first.</summary>
    public static IReadOnlyDictionary<string, MethodInfo> Kernels { get; } = new Dictionary<string, MethodInfo>
    {
        ["direct"] = Method(typeof(DirectKernel), nameof(DirectKernel.Run)),
        ["direct-expect"] = Method(typeof(DirectKernel), nameof(DirectKernel.Expect)),
        ["widen"] = Method(typeof(PairRows), nameof(PairRows.Widen)),
        ["encode-pairs"] = Method(typeof(PairRows), nameof(PairRows.Encode)),
        ["encode"] = Method(typeof(ExpectedSumKernels), nameof(ExpectedSumKernels.Encode)),
        ["expect"] = Method(typeof(ExpectedSumKernels), nameof(ExpectedSumKernels.Expect)),
        ["fp32-block"] = Method(typeof(FloatBlockKernel), nameof(FloatBlockKernel.Run)).MakeGenericMethod(typeof(Block128)),
        ["windows"] = Method(typeof(WindowKernels), nameof(WindowKernels.Codes)),
        ["fp32-windows"] = Method(typeof(WindowKernels), nameof(WindowKernels.Values)),
        ["fp32-window-lines"] = Method(typeof(WindowKernels), nameof(WindowKernels.Lines)),
        ["measure-windows"] = Method(typeof(WindowKernels), nameof(WindowKernels.Measure)),
        ["quantise-windows"] = Method(typeof(WindowKernels), nameof(WindowKernels.Quantise)),
        ["measure"] = Method(typeof(QuantiseKernels), nameof(QuantiseKernels.Measure)),
        ["quantise"] = Method(typeof(QuantiseKernels), nameof(QuantiseKernels.Encode)),
        ["leave"] = Method(typeof(OutputKernels), nameof(OutputKernels.Leave)),
        ["mend"] = Method(typeof(OutputKernels), nameof(OutputKernels.Mend)),
        ["measure-output"] = Method(typeof(OutputKernels), nameof(OutputKernels.Measure)),
        ["saturate"] = Method(typeof(OutputKernels), nameof(OutputKernels.Saturate)),
        ["mend-wide"] = Method(typeof(OutputKernels), nameof(OutputKernels.MendWide)),
        ["keep"] = Method(typeof(OutputKernels), nameof(OutputKernels.Keep)),
        ["judge"] = Method(typeof(VerdictKernels), nameof(VerdictKernels.Judge)),
        ["trace-flips"] = Method(typeof(VerdictKernels), nameof(VerdictKernels.Trace)),
        ["toggle-flips"] = Method(typeof(VerdictKernels), nameof(VerdictKernels.Toggle)),
        ["modulate"] = Method(typeof(TensorKernels), nameof(TensorKernels.Modulate)),
        ["add-gated"] = Method(typeof(TensorKernels), nameof(TensorKernels.AddGated)),
        ["add"] = Method(typeof(TensorKernels), nameof(TensorKernels.Add)),
        ["add-bias"] = Method(typeof(OutputKernels), nameof(OutputKernels.AddBias)),
        ["gelu-tanh"] = Method(typeof(TensorKernels), nameof(TensorKernels.GeluTanh)),
        ["affine"] = Method(typeof(TensorKernels), nameof(TensorKernels.Affine)),
        ["add-to-rows"] = Method(typeof(TensorKernels), nameof(TensorKernels.AddToRows)),
        ["silu"] = Method(typeof(TensorKernels), nameof(TensorKernels.Silu)),
        ["gate-gelu"] = Method(typeof(TensorKernels), nameof(TensorKernels.GateGelu)),
        ["join"] = Method(typeof(PictureKernels), nameof(PictureKernels.Join)),
        ["double"] = Method(typeof(PictureKernels), nameof(PictureKernels.Double)),
        ["transpose"] = Method(typeof(PictureKernels), nameof(PictureKernels.Transpose)),
        ["group-sum-run"] = Method(typeof(GroupNormKernels), nameof(GroupNormKernels.SumRun)),
        ["group-add-runs"] = Method(typeof(GroupNormKernels), nameof(GroupNormKernels.AddRuns)),
        ["group-centre"] = Method(typeof(GroupNormKernels), nameof(GroupNormKernels.Centre)),
        ["group-fit"] = Method(typeof(GroupNormKernels), nameof(GroupNormKernels.Fit)),
        ["group-apply"] = Method(typeof(GroupNormKernels), nameof(GroupNormKernels.Apply)),
        ["attention-scores"] = Method(typeof(AttentionKernels), nameof(AttentionKernels.Score)),
        ["attention-softmax"] = Method(typeof(AttentionKernels), nameof(AttentionKernels.Softmax)),
        ["attention-values"] = Method(typeof(AttentionKernels), nameof(AttentionKernels.Weigh)),
        ["repack"] = Method(typeof(OutputKernels), nameof(OutputKernels.Repack)),
        ["fp32-direct"] = Method(typeof(FloatDirectKernel), nameof(FloatDirectKernel.Run)),
        ["fp32-interleave"] = Method(typeof(FloatLineKernels), nameof(FloatLineKernels.Interleave)),
        ["fp32-encode"] = Method(typeof(FloatLineKernels), nameof(FloatLineKernels.Encode)),
        ["fp32-lay"] = Method(typeof(FloatLineKernels), nameof(FloatLineKernels.Lay)),
        ["fp32-gather"] = Method(typeof(FloatLineKernels), nameof(FloatLineKernels.Gather)),
        ["matrix"] = Method(typeof(MatrixKernel), nameof(MatrixKernel.Run)),
    };

    /// <summary>Compiles one.</summary>
    /// <param name="name">One of <see cref="Kernels"/>.</param>
    /// <returns>PTX text.</returns>
    public static string Compile(string name)
    {
        var method = Kernels[name];
        using var context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Teach());
        using var backend = new PTXBackend(context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, CudaInstructionSet.ISA_78, null);
        return ((PTXCompiledKernel)backend.Compile(KernelRefusal.Entry(method), default)).PTXAssembly;
    }

    private static MethodInfo Method(Type type, string name) => type.GetMethod(name, BindingFlags.Public | BindingFlags.Static)!;
}
