using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>Products by <see cref="WarpGroupKernel"/>: for NVIDIA GPUs of sm_90.</summary>
internal sealed class WarpGroupFamily(CudaAccelerator accelerator) : DigitFamily(accelerator)
{
    private readonly Product _square = Load<Rows128>(accelerator);

    private delegate void Product(
        AcceleratorStream stream, KernelConfig config, ArrayView<int> a, ArrayView<int> w, LineViews lines, ArrayView<int> plan, ArrayView<int> c, SumViews sums, GemmExtents e);

    /// <summary>What the assembler is told: how many registers a thread may take follows.</summary>
    public static KernelSpecialization Groups<TRows>()
        where TRows : struct, IMatrixRows => new(WarpGroupKernel.Threads<TRows>(), TRows.Resident);

    /// <inheritdoc/>
    public override string Name => KernelFamilies.WarpGroup;

    /// <inheritdoc/>
    public override int WordUnit => WarpGroupKernel.SliceWords;

    /// <inheritdoc/>
    protected override void Launch(ProductLaunch launch, LineViews lines) => _square(
        accelerator.DefaultStream, Config<Rows128>(launch.Extents), launch.A, launch.Weights.Words, lines, launch.Plan, launch.C, launch.Sums, launch.Extents);

    private static KernelConfig Config<TRows>(GemmExtents e)
        where TRows : struct, IMatrixRows =>
        new(MatrixBlocks.Groups(e, TRows.Rows), WarpGroupKernel.Threads<TRows>(), SharedMemoryConfig.RequestDynamic<int>(WarpGroupKernel.SharedWords<TRows>()));

    private static Product Load<TRows>(CudaAccelerator accelerator)
        where TRows : struct, IMatrixRows =>
        Sm90Kernel.Load(
            accelerator, typeof(WarpGroupKernel).GetMethod(nameof(WarpGroupKernel.Run), BindingFlags.Public | BindingFlags.Static)!.MakeGenericMethod(typeof(TRows)), Groups<TRows>(),
            sizeof(int) * WarpGroupKernel.SharedWords<TRows>()).CreateLauncherDelegate<Product>();
}
