using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>Products by <see cref="WarpGroupKernel"/>: for NVIDIA GPUs of sm_90.</summary>
internal sealed class WarpGroupFamily(CudaAccelerator accelerator) : DigitFamily(accelerator)
{
    // Groups that share a multiprocessor: one multiplies while the other waits.
    private const int Resident = 2;

    private readonly Product _product = Load<Product>(accelerator, nameof(WarpGroupKernel.Run)), _checked = Load<Product>(accelerator, nameof(WarpGroupKernel.RunChecked), withChecks: true);

    // fp16 is not what most runs multiply.
    private readonly Lazy<HalfProduct> _half = new(() => Load<HalfProduct>(accelerator, nameof(WarpGroupKernel.RunHalf)));

    private delegate void Product(
        AcceleratorStream stream, KernelConfig config, ArrayView<int> a, ArrayView<int> w, LineViews lines, ArrayView<int> plan, ArrayView<int> c, SumViews sums, GemmExtents e, TileSteps steps);

    private delegate void HalfProduct(AcceleratorStream stream, KernelConfig config, ArrayView<int> a, ArrayView<int> w, ArrayView<int> plan, ArrayView<int> c, GemmExtents e);

    /// <summary>What the assembler is told: how many registers a thread may take follows.</summary>
    public static KernelSpecialization Groups => new(WarpGroupKernel.Threads, Resident);

    /// <inheritdoc/>
    public override string Name => KernelFamilies.WarpGroup;

    /// <inheritdoc/>
    public override int WordUnit => WarpGroupKernel.SliceWords;

    /// <inheritdoc/>
    public override void MultiplyHalf(ArrayView<int> a, ArrayView<int> w, ArrayView<int> plan, ArrayView<int> c, GemmExtents e) =>
        _half.Value(accelerator.DefaultStream, Config(MatrixBlocks.Groups(e, WarpGroupKernel.Edge, 0), withChecks: false), a, w, plan, c, e);

    /// <inheritdoc/>
    protected override void Launch(ProductLaunch launch, LineViews lines)
    {
        var blocks = WarpGroupLaunch.Of(launch.Extents, Resident * accelerator.NumMultiprocessors);
        (blocks.IsChecked ? _checked : _product)(
            accelerator.DefaultStream, Config(blocks.Groups, blocks.IsChecked), launch.A, launch.Weights.Words, lines, launch.Plan, launch.C, launch.Sums, launch.Extents, blocks.Steps);
    }

    private static KernelConfig Config(int groups, bool withChecks) =>
        new(groups, WarpGroupKernel.Threads, SharedMemoryConfig.RequestDynamic<int>(WarpGroupKernel.SharedWords(withChecks)));

    private static TLaunch Load<TLaunch>(CudaAccelerator accelerator, string name, bool withChecks = false)
        where TLaunch : Delegate => Sm90Kernel.Load(
        accelerator, typeof(WarpGroupKernel).GetMethod(name, BindingFlags.Public | BindingFlags.Static)!, Groups, sizeof(int) * WarpGroupKernel.SharedWords(withChecks)).CreateLauncherDelegate<TLaunch>();
}
