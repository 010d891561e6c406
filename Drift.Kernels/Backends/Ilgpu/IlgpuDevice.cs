using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Drift.Kernels.Ilgpu;

/// <summary>One opened device with the context that it needs.</summary>
internal sealed class IlgpuDevice : IDisposable
{
    private const string NoCuda = "no NVIDIA GPU with a working driver: install NVIDIA's driver, which brings libcuda.so.1";

    private readonly Context _context;

    private IlgpuDevice(Context context, Device device)
    {
        _context = context;
        Accelerator = device.CreateAccelerator(context);
        Key = device switch
        {
            CLDevice { PlatformName: var platform, PlatformVersion: var version } => $"{device.Name.Trim()}; {platform} {version}",
            CudaDevice { DriverVersion: var driver } => $"{device.Name.Trim()}; driver {driver}",
            _ => device.Name.Trim(),
        };
        Detail = device is CPUDevice
            ? "a GPU simulated on the host, slow, for verification"
            : $"{device.Name.Trim()}, {device.MemorySize >> 20} MiB, {device.NumMultiprocessors} multiprocessors";
    }

    public Accelerator Accelerator { get; }

    /// <summary>Whether <see cref="TensorCores"/> are here.</summary>
    public bool HasTensorCores => Accelerator is CudaAccelerator { Architecture: var architecture } && architecture >= CudaArchitecture.SM_80;

    /// <summary>Whether <see cref="WarpGroups"/> are here: they are this architecture's alone.</summary>
    public bool HasWarpGroups => Accelerator is CudaAccelerator { Architecture: var architecture } && architecture == CudaArchitecture.SM_90;

    /// <summary>Whether the instruction of <see cref="ByteLanes"/> is here.</summary>
    public bool HasByteDots => Accelerator is CudaAccelerator { Architecture: var architecture } && architecture >= CudaArchitecture.SM_61;

    /// <summary>Whether this is a GPU, whose shared memory is faster than its caches.</summary>
    public bool IsGpu => Accelerator is CudaAccelerator or CLAccelerator { DeviceType: CLDeviceType.CL_DEVICE_TYPE_GPU };

    /// <summary>Device and driver, which a tuning is good for.</summary>
    public string Key { get; }

    /// <summary>The device's name, memory and size.</summary>
    public string Detail { get; }

    /// <summary>Opens the device behind a backend's name.</summary>
    /// <param name="name">One of <see cref="IlgpuBackend.Names"/>.</param>
    /// <param name="level">How hard ILGPU optimises kernels.</param>
    /// <exception cref="BackendUnavailableException">No such device here.</exception>
    public static IlgpuDevice Open(string name, OptimizationLevel level) => name switch
    {
        // A small simulator: every simulated thread is a thread of the system, and the smallest block has four.
        IlgpuBackend.Cpu => Open<CPUDevice>(level, b => b.CPU(new CPUDevice(2, 2, 1)), () => "ILGPU's CPU simulator did not start"),
        IlgpuBackend.OpenCL => Open<CLDevice>(level, b => b.OpenCL(Suits), NoOpenCL),
        IlgpuBackend.Cuda => Open<CudaDevice>(level, b => b.Cuda(), () => NoCuda),
        _ => throw new ArgumentException($"no ILGPU backend is called '{name}'", nameof(name)),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        Accelerator.Dispose();
        _context.Dispose();
    }

    private static IlgpuDevice Open<TDevice>(OptimizationLevel level, Action<Context.Builder> devices, Func<string> missing)
        where TDevice : Device
    {
        Context? context = null;
        try
        {
            context = Context.Create(builder => devices(builder.Optimize(level).Teach()));
            // Of this kind, since ILGPU offers its simulator where nothing else is found; a GPU first where OpenCL has both.
            var device = context.Devices.OfType<TDevice>().OrderBy(d => d is CLDevice { DeviceType: not CLDeviceType.CL_DEVICE_TYPE_GPU }).FirstOrDefault()
                ?? throw new BackendUnavailableException(missing());
            return new IlgpuDevice(context, device);
        }
        catch (Exception e)
        {
            context?.Dispose();
            if (e is BackendUnavailableException)
                throw;
            throw new BackendUnavailableException($"{missing()} ({e.Message})", e);
        }
    }

    private static bool Suits(CLDevice device) => device.CLStdVersion >= CLBackend.MinimumVersion && device.Capabilities.GenericAddressSpace;

    private static string NoOpenCL()
    {
        const string Install = "install one with generic address space (OpenCL 2, or 3 with that feature), such as pocl-opencl-icd 5 or later, "
            + "and the loader libOpenCL.so (ocl-icd-opencl-dev)";
        if (!CLAPI.CurrentAPI.IsSupported)
            return $"no OpenCL driver or loader: {Install}";
        var found = CLDevice.GetDevices(_ => true).OfType<CLDevice>().Select(d => d.Name.Trim()).ToArray();
        return found.Length == 0
            ? $"the OpenCL drivers offer no device: {Install}"
            : $"no OpenCL device is new enough ({string.Join(", ", found)}): {Install}";
    }
}
