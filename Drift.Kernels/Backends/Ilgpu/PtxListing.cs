using System.Reflection;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>What NVIDIA's driver would be given: kernels as PTX, for sm_80 unless told otherwise, compiled where no GPU is.</summary>
internal static class PtxListing
{
    /// <summary>The kernels, by name, with what the assembler is told of their groups; those that a launch groups by itself take an index first.</summary>
    public static IReadOnlyDictionary<string, (MethodInfo Method, KernelSpecialization Groups)> Kernels { get; } = new Dictionary<string, (MethodInfo, KernelSpecialization)>
    {
        ["direct"] = (Method(typeof(DirectKernel), nameof(DirectKernel.Run)), default),
        ["direct-expect"] = (Method(typeof(DirectKernel), nameof(DirectKernel.Expect)), default),
        ["widen"] = (Method(typeof(PairRows), nameof(PairRows.Widen)), default),
        ["encode-pairs"] = (Method(typeof(PairRows), nameof(PairRows.Encode)), default),
        ["encode-digits"] = (Method(typeof(DigitLines), nameof(DigitLines.Encode)), default),
        ["quantise-digits"] = (Method(typeof(DigitLines), nameof(DigitLines.Quantise)), default),
        ["windows"] = (Method(typeof(WindowKernels), nameof(WindowKernels.Codes)), default),
        ["fp32-block"] = (Method(typeof(FloatBlockKernel), nameof(FloatBlockKernel.Run)).MakeGenericMethod(typeof(Block128), typeof(CutBlocks)), FloatBlockFamily<Block128>.Groups),
        ["fp32-block-64"] = (Method(typeof(FloatBlockKernel), nameof(FloatBlockKernel.Run)).MakeGenericMethod(typeof(Block64), typeof(CutBlocks)), FloatBlockFamily<Block64>.Groups),
        ["fp32-windows"] = (Method(typeof(WindowKernels), nameof(WindowKernels.Values)), default),
        ["fp32-window-lines"] = (Method(typeof(WindowKernels), nameof(WindowKernels.Lines)), default),
        ["measure-windows"] = (Method(typeof(WindowKernels), nameof(WindowKernels.Measure)), default),
        ["quantise-windows"] = (Method(typeof(WindowKernels), nameof(WindowKernels.Quantise)), default),
        ["measure"] = (Method(typeof(QuantiseKernels), nameof(QuantiseKernels.Measure)), default),
        ["quantise"] = (Method(typeof(QuantiseKernels), nameof(QuantiseKernels.Encode)), default),
        ["leave"] = (Method(typeof(OutputKernels), nameof(OutputKernels.Leave)), default),
        ["mend"] = (Method(typeof(OutputKernels), nameof(OutputKernels.Mend)), default),
        ["measure-output"] = (Method(typeof(OutputKernels), nameof(OutputKernels.Measure)), default),
        ["saturate"] = (Method(typeof(OutputKernels), nameof(OutputKernels.Saturate)), default),
        ["mend-wide"] = (Method(typeof(OutputKernels), nameof(OutputKernels.MendWide)), default),
        ["keep"] = (Method(typeof(OutputKernels), nameof(OutputKernels.Keep)), default),
        ["judge"] = (Method(typeof(VerdictKernels), nameof(VerdictKernels.Judge)), default),
        ["trace-flips"] = (Method(typeof(VerdictKernels), nameof(VerdictKernels.Trace)), default),
        ["toggle-flips"] = (Method(typeof(VerdictKernels), nameof(VerdictKernels.Toggle)), default),
        ["modulate"] = (Method(typeof(TensorKernels), nameof(TensorKernels.Modulate)), default),
        ["add-gated"] = (Method(typeof(TensorKernels), nameof(TensorKernels.AddGated)), default),
        ["add"] = (Method(typeof(TensorKernels), nameof(TensorKernels.Add)), default),
        ["add-bias"] = (Method(typeof(OutputKernels), nameof(OutputKernels.AddBias)), default),
        ["gelu-tanh"] = (Method(typeof(TensorKernels), nameof(TensorKernels.GeluTanh)), default),
        ["affine"] = (Method(typeof(TensorKernels), nameof(TensorKernels.Affine)), default),
        ["add-to-rows"] = (Method(typeof(TensorKernels), nameof(TensorKernels.AddToRows)), default),
        ["silu"] = (Method(typeof(TensorKernels), nameof(TensorKernels.Silu)), default),
        ["gate-gelu"] = (Method(typeof(TensorKernels), nameof(TensorKernels.GateGelu)), default),
        ["join"] = (Method(typeof(PictureKernels), nameof(PictureKernels.Join)), default),
        ["double"] = (Method(typeof(PictureKernels), nameof(PictureKernels.Double)), default),
        ["transpose"] = (Method(typeof(PictureKernels), nameof(PictureKernels.Transpose)), default),
        ["group-sum-run"] = (Method(typeof(GroupNormKernels), nameof(GroupNormKernels.SumRun)), default),
        ["group-add-lines"] = (Method(typeof(GroupNormKernels), nameof(GroupNormKernels.AddLines)), default),
        ["group-centre"] = (Method(typeof(GroupNormKernels), nameof(GroupNormKernels.Centre)), default),
        ["group-fit"] = (Method(typeof(GroupNormKernels), nameof(GroupNormKernels.Fit)), default),
        ["group-apply"] = (Method(typeof(GroupNormKernels), nameof(GroupNormKernels.Apply)), default),
        ["attention-scores"] = (Method(typeof(AttentionKernels), nameof(AttentionKernels.Score)), default),
        ["attention-softmax"] = (Method(typeof(AttentionKernels), nameof(AttentionKernels.Softmax)), default),
        ["attention-values"] = (Method(typeof(AttentionKernels), nameof(AttentionKernels.Weigh)), default),
        ["repack"] = (Method(typeof(OutputKernels), nameof(OutputKernels.Repack)), default),
        ["fp32-direct"] = (Method(typeof(FloatDirectKernel), nameof(FloatDirectKernel.Run)), default),
        ["fp32-interleave"] = (Method(typeof(FloatLineKernels), nameof(FloatLineKernels.Interleave)), default),
        ["fp32-transpose"] = (Method(typeof(FloatTransposeKernel), nameof(FloatTransposeKernel.Run)), default),
        ["fp32-transpose-sum"] = (Method(typeof(FloatTransposeKernel), nameof(FloatTransposeKernel.RunAndSum)), default),
        ["fp32-encode"] = (Method(typeof(FloatLineKernels), nameof(FloatLineKernels.Encode)), default),
        ["fp32-lay"] = (Method(typeof(FloatLineKernels), nameof(FloatLineKernels.Lay)), default),
        ["fp32-gather"] = (Method(typeof(FloatLineKernels), nameof(FloatLineKernels.Gather)), default),
        ["fp32-gather-long"] = (Method(typeof(FloatLineKernels), nameof(FloatLineKernels.GatherLong)), default),
        ["dot-block"] = (Method(typeof(DotBlockKernel), nameof(DotBlockKernel.Run)).MakeGenericMethod(typeof(Block128)), DotFamily<Block128>.Groups),
        ["dot-interleave"] = (Method(typeof(DotBlockKernel), nameof(DotBlockKernel.Interleave)), default),
        ["matrix-256"] = (Method(typeof(MatrixKernel), nameof(MatrixKernel.Run)).MakeGenericMethod(typeof(Rows256)), MatrixFamily.Groups<Rows256>()),
        ["matrix-128"] = (Method(typeof(MatrixKernel), nameof(MatrixKernel.Run)).MakeGenericMethod(typeof(Rows128)), MatrixFamily.Groups<Rows128>()),
        ["matrix-half"] = (Method(typeof(MatrixKernel), nameof(MatrixKernel.RunHalf)).MakeGenericMethod(typeof(Rows128)), MatrixFamily.Groups<Rows128>()),
        ["warp-group-half"] = (Method(typeof(WarpGroupKernel), nameof(WarpGroupKernel.RunHalf)), WarpGroupFamily.Groups),
        ["warp-group"] = (Method(typeof(WarpGroupKernel), nameof(WarpGroupKernel.Run)), WarpGroupFamily.Groups),
        ["warp-group-checked"] = (Method(typeof(WarpGroupKernel), nameof(WarpGroupKernel.RunChecked)), WarpGroupFamily.Groups),
    };

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Names => Kernels.Keys;

    /// <summary>Compiles one.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="architecture">For which GPUs: 80 for sm_80.</param>
    /// <returns>PTX text.</returns>
    public static string Compile(string name, int architecture = 80) => Compile([name], architecture)[0];

    /// <summary>Compiles some one after another in one context, as a device has it.</summary>
    /// <inheritdoc cref="Compile(string, int)"/>
    public static IReadOnlyList<string> Compile(IEnumerable<string> names, int architecture = 80)
    {
        var target = new CudaArchitecture(architecture / 10, architecture % 10);
        using var context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Teach());
        using var backend = new PTXBackend(context, new CudaCapabilityContext(target), target, CudaInstructionSet.ISA_78, null);
        List<string> texts = [];
        foreach (var name in names)
        {
            var (method, groups) = Kernels[name];
            var text = ((PTXCompiledKernel)backend.Compile(KernelRefusal.Entry(method), groups)).PTXAssembly;
            texts.Add(method.DeclaringType == typeof(WarpGroupKernel) ? Sm90Kernel.Text(text) : text);
        }

        return texts;
    }

    private static MethodInfo Method(Type type, string name) => type.GetMethod(name, BindingFlags.Public | BindingFlags.Static)!;
}
