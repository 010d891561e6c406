using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>Products by <see cref="WarpGroupKernel"/>: for NVIDIA GPUs of sm_90.</summary>
internal sealed class WarpGroupFamily(CudaAccelerator accelerator) : DigitFamily(accelerator)
{
    private readonly Product _product = Load<Product>(accelerator, nameof(WarpGroupKernel.Run)), _checked = Load<Product>(accelerator, nameof(WarpGroupKernel.RunChecked), withChecks: true);

    // fp16 is not what most runs multiply.
    private readonly Lazy<HalfProduct> _half = new(() => Load<HalfProduct>(accelerator, nameof(WarpGroupKernel.RunHalf)));

    private delegate void Product(
        AcceleratorStream stream, KernelConfig config, ArrayView<int> a, ArrayView<int> w, LineViews lines, ArrayView<int> plan, ArrayView<int> c, SumViews sums, GemmExtents e);

    private delegate void HalfProduct(AcceleratorStream stream, KernelConfig config, ArrayView<int> a, ArrayView<int> w, ArrayView<int> plan, ArrayView<int> c, GemmExtents e);

    /// <summary>What the assembler is told: two groups are to share a multiprocessor, one of which multiplies while the other waits.</summary>
    public static KernelSpecialization Groups => new(WarpGroupKernel.Threads, 2);

    /// <inheritdoc/>
    public override string Name => KernelFamilies.WarpGroup;

    /// <inheritdoc/>
    public override int WordUnit => WarpGroupKernel.SliceWords;

    /// <inheritdoc/>
    public override void MultiplyHalf(ArrayView<int> a, ArrayView<int> w, ArrayView<int> plan, ArrayView<int> c, GemmExtents e) =>
        _half.Value(accelerator.DefaultStream, Config(e, withChecks: false), a, w, plan, c, e);

    /// <inheritdoc/>
    protected override void Launch(ProductLaunch launch, LineViews lines)
    {
        var e = launch.Extents;
        var withChecks = WarpGroupKernel.Checks(e.Tile) && Environment.GetEnvironmentVariable("DRIFT_WG") != "unfused";
        (withChecks ? _checked : _product)(
            accelerator.DefaultStream, Config(e, withChecks), launch.A, launch.Weights.Words, lines, launch.Plan, launch.C, launch.Sums, e);
    }

    private static KernelConfig Config(GemmExtents e, bool withChecks) =>
        new(withChecks ? MatrixBlocks.Groups(e, WarpGroupKernel.Edge, 0) : MatrixBlocks.Groups(e, WarpGroupKernel.Edge), WarpGroupKernel.Threads, SharedMemoryConfig.RequestDynamic<int>(WarpGroupKernel.SharedWords(withChecks)));

    private static TLaunch Load<TLaunch>(CudaAccelerator accelerator, string name, bool withChecks = false)
        where TLaunch : Delegate => Sm90Kernel.Load(
        accelerator, typeof(WarpGroupKernel).GetMethod(name, BindingFlags.Public | BindingFlags.Static)!, Groups, sizeof(int) * WarpGroupKernel.SharedWords(withChecks)).CreateLauncherDelegate<TLaunch>();
}
