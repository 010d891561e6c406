using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// Products on an ILGPU device: CUDA, OpenCL, or ILGPU's own simulator of a GPU on the CPU, which is slow and there for verification.
/// Calls from several threads take turns, as they would on the device.
/// </summary>
internal sealed class IlgpuBackend : IGemmBackend, IDeviceProducts
{
    public const string Cpu = "ilgpu-cpu", OpenCL = "ilgpu-opencl", Cuda = "ilgpu-cuda";

    // Of a driver's log, whose first lines say it.
    private const int LongestLog = 600;

    private readonly Lock _gate = new();
    private readonly IlgpuDevice _device;
    private readonly Action<Index1D, ArrayView<sbyte>, ArrayView<int>, int, WindowExtents> _gather;
    private readonly DeviceProduct _product;
    private readonly List<KernelFamily> _all = [];
    private readonly KernelFamily[] _families;
    private readonly Lazy<(FloatKernelSet Kernels, FloatFamily Family)> _floats;
    private readonly IlgpuTensors _tensors;
    private readonly CudaLoan? _loan;
    private BackendUnavailableException? _failure;
    private bool _disposed;

    /// <summary>Opens a device and compiles the kernels for it.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="optimised">False leaves ILGPU's optimisations out, which must change no bit.</param>
    /// <param name="tuning">What to use; null for what was found best here, else what is shipped.</param>
    /// <param name="family">The family of <see cref="KernelFamilies"/> that multiplies INT8, also where it is not the device's best; null for that.</param>
    /// <exception cref="BackendUnavailableException">The device is absent, or its driver does not compile the kernels.</exception>
    public IlgpuBackend(string name, bool optimised = true, DeviceTuning? tuning = null, string? family = null)
    {
        Name = name;
        _device = IlgpuDevice.Open(name, optimised ? OptimizationLevel.O2 : OptimizationLevel.O0);
        var accelerator = _device.Accelerator;
        tuning ??= TuningFile.OfUser().Find(_device.Key) ?? DeviceTuning.Shipped(_device.IsGpu);
        var group = Math.Min(tuning.GroupSize, accelerator.MaxNumThreadsPerGroup);
        try
        {
            _gather = accelerator.LoadImplicitlyGroupedStreamKernel<Index1D, ArrayView<sbyte>, ArrayView<int>, int, WindowExtents>(WindowKernels.Codes, group);
            var direct = new DirectFamily(accelerator, group);
            _all.Add(direct);
            _families = [direct];
            _product = new(accelerator, _gather);
            _tensors = new IlgpuTensors(this, accelerator, group);
            _loan = accelerator is CudaAccelerator cuda ? new CudaLoan(this, cuda) : null;

            // Most runs multiply INT8 only, and a driver takes its time over each kernel.
            _floats = new(() => Compile(() => (new FloatKernelSet(accelerator, group), FloatFamily.Load(tuning.Float, accelerator, group))));

            // Tensor cores cannot be simulated, and no GPU whose way dot products are was at hand: a family that does not give the reference's bits on a device is not used there. (The trial is one wave: forms for larger products are the contract tests' on a GPU.)
            foreach (var faster in KernelFamilies.Of(_device, direct, group, family))
            {
                _all.Add(faster);
                _families = [faster, direct];
                if (BackendTrial.Passes(this))
                    break;
                _families = [direct];
            }
        }
        catch (Exception e)
        {
            var because = e as BackendUnavailableException ?? NotCompiled(e);
            _device.Dispose();
            throw because;
        }
    }

    /// <summary>The names of the devices.</summary>
    public static IReadOnlyList<string> Names { get; } = [Cpu, OpenCL, Cuda];

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public ITensorDevice Tensors => _tensors;

    /// <inheritdoc/>
    public bool MultipliesHalves => _families[0] is DigitFamily;

    /// <inheritdoc/>
    ICudaDevice? IDeviceProducts.Cuda => _loan;

    /// <summary>The kernels of fp32 products and the family that multiplies, compiled when they are first asked for.</summary>
    internal (FloatKernelSet Kernels, FloatFamily Family) Floats => _floats.Value;

    /// <summary>Names of the families of kernels at work, the first choice first.</summary>
    public IReadOnlyList<string> Families => [.. _families.Select(family => family.Name)];

    /// <summary>Looks for a device without compiling anything.</summary>
    public static BackendStatus Survey(string name)
    {
        try
        {
            using var device = IlgpuDevice.Open(name, OptimizationLevel.O0);
            return new BackendStatus(name, true, device.Detail);
        }
        catch (BackendUnavailableException e)
        {
            return new BackendStatus(name, false, e.Message);
        }
    }

    /// <inheritdoc/>
    public string Detail => $"{_device.Detail}; kernels {string.Join(", ", Families)}";

    /// <inheritdoc/>
    public GemmWeights Prepare(ReadOnlySpan<sbyte> weights, int n, int k, ChecksumTiles tiles)
    {
        if (tiles.Moments || tiles.OddRows)
            throw new BackendUnavailableException($"{Name} takes no position-weighted line sums; expected the backend host or reference");
        if (weights.Length != (long)n * k)
            throw new ArgumentException($"{n} x {k} weights need {(long)n * k} values, the span has {weights.Length}", nameof(weights));
        DeviceBuffer words = new(_device.Accelerator), lines = new(_device.Accelerator);
        var prepared = new IlgpuWeights(this, _families.First(family => family.Suits(tiles.Edge)), n, k, tiles, words, lines);
        lock (_gate)
        {
            Enter();
            try
            {
                Load(weights, prepared, words);
                return prepared;
            }
            catch (Exception e)
            {
                prepared.Dispose();
                if (e is AcceleratorException failure)
                    throw Failed(failure);
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public void Multiply(in GemmCall call, FaultPlan faults, GemmOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        RequireOwn(call.Weights);
        lock (_gate)
        {
            Enter();
            try
            {
                _product.Load(call, faults);
                _product.Run();
                _product.Read(output);
                _tensors.Waited(output.Accumulators.Length + 2L * (output.Expected.Rows.Length + output.Expected.Columns.Length));
            }
            catch (AcceleratorException e)
            {
                throw Failed(e);
            }
        }
    }

    /// <inheritdoc/>
    public IDeviceProduct<GemmOutput> Int8(in GemmCall call, FaultPlan faults = default)
    {
        RequireOwn(call.Weights);
        return Send(call, (product, operands) => product.Load(operands, faults));
    }

    /// <inheritdoc/>
    public IDeviceProduct<GemmOutput> Quantised(ReadOnlySpan<float> activations, float largest, GemmWeights weights, FaultPlan faults = default)
    {
        var own = RequireOwn(weights);
        if (activations.Length == 0 || activations.Length % own.K != 0)
            throw new ArgumentException($"{activations.Length} activations are no rows of {own.K} values", nameof(activations));
        if (!float.IsFinite(largest) || largest < 0)
            throw new ArgumentOutOfRangeException(nameof(largest), largest, "the largest magnitude is a finite number of at least 0");
        return Send(activations, (product, values) => product.Load(values, largest, own, faults, () => _tensors.Layers));
    }

    /// <inheritdoc/>
    public IDeviceProduct<FloatOutput> Float(ReadOnlySpan<float> a, ReadOnlySpan<float> w, GemmShape shape, int tile, FaultPlan faults = default) =>
        Float(a, w, shape, tile, faults, null);

    private DeviceTurns<FloatOutput> Float(ReadOnlySpan<float> a, ReadOnlySpan<float> w, GemmShape shape, int tile, FaultPlan faults, WindowExtents? convolution)
    {
        lock (_gate)
        {
            Enter();
            var (kernels, family) = _floats.Value;
            try
            {
                var product = new DeviceFloatProduct(_device.Accelerator, kernels, family.For(shape), a, w, shape, tile, faults, convolution);
                return new DeviceTurns<FloatOutput>(this, product, product.Run, product.Read);
            }
            catch (AcceleratorException e)
            {
                throw Failed(e);
            }
        }
    }

    /// <inheritdoc/>
    public IDeviceProduct<FloatOutput> Halves(ReadOnlySpan<System.Half> a, ReadOnlySpan<System.Half> w, GemmShape shape, FaultPlan faults = default)
    {
        if (_families[0] is not DigitFamily family)
            throw new BackendUnavailableException($"{Name}: fp16 is multiplied on tensor cores, which {_device.Detail} does not have; expected an NVIDIA GPU of sm_80 or later");
        lock (_gate)
        {
            Enter();
            try
            {
                var product = new DeviceHalfProduct(_device.Accelerator, family, a, w, shape, faults);
                return new DeviceTurns<FloatOutput>(this, product, product.Run, product.Read);
            }
            catch (AcceleratorException e)
            {
                throw Failed(e);
            }
        }
    }

    /// <inheritdoc/>
    public IDeviceProduct<FloatOutput> Convolve(ReadOnlySpan<float> input, ReadOnlySpan<float> filters, ConvolutionShape shape, int group, int tile, FaultPlan faults = default)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Required().Layout != ChannelLayout.Last || input.Length != shape.InputLength)
            throw new ArgumentException($"windows are taken of {shape.InputLength} values with channels last, not of {input.Length} with channels {shape.Layout}", nameof(input));
        ArgumentOutOfRangeException.ThrowIfNegative(group);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(group, shape.Groups);
        return Float(input, filters, shape.Product, tile, faults, WindowExtents.Of(shape, group));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            foreach (var part in (ReadOnlySpan<IDisposable>)[_tensors, _product, .. _all, .. _floats.IsValueCreated ? [_floats.Value.Family] : Array.Empty<IDisposable>(), _device])
                Free(part);
        }
    }

    /// <summary>Waits until the device has done all that was queued.</summary>
    internal void Synchronize() => _device.Accelerator.Synchronize();

    /// <summary>Does something on the device, while other threads wait for their turn.</summary>
    /// <exception cref="BackendUnavailableException">The device failed, or has too little memory.</exception>
    internal void Use(Action work) => Use(() =>
    {
        work();
        return true;
    });

    /// <inheritdoc cref="Use(Action)"/>
    internal T Use<T>(Func<T> work)
    {
        lock (_gate)
        {
            Enter();
            try
            {
                return work();
            }
            catch (AcceleratorException e)
            {
                throw Failed(e);
            }
        }
    }

    /// <summary>Frees what is on the device, unless the device took it along when it closed.</summary>
    internal void Release(params ReadOnlySpan<IDisposable> buffers)
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            foreach (var buffer in buffers)
                Free(buffer);
        }
    }

    /// <summary>Frees what is on the device. One that is lost took it along, and what went wrong was told by then.</summary>
    private static void Free(IDisposable part)
    {
        try
        {
            part.Dispose();
        }
        catch (AcceleratorException)
        {
        }
    }

    /// <summary>Makes this thread the device's, for as long as it holds the lock.</summary>
    /// <exception cref="BackendUnavailableException">The device failed before: nobody waits for it again.</exception>
    private void Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failure is not null)
            throw new BackendUnavailableException(_failure.Message, _failure);
        try
        {
            _device.Accelerator.Bind();
        }
        catch (AcceleratorException e)
        {
            throw Failed(e);
        }
    }

    private IlgpuWeights RequireOwn(GemmWeights weights) =>
        weights is IlgpuWeights w && w.Owner == this ? w : throw new ArgumentException($"weights prepared by another backend than this {Name}", nameof(weights));

    /// <summary>A product of its own, with its operands on the device.</summary>
    private DeviceTurns<GemmOutput> Send<TOperands>(TOperands operands, Action<DeviceProduct, TOperands> load)
        where TOperands : allows ref struct
    {
        lock (_gate)
        {
            Enter();
            var product = new DeviceProduct(_device.Accelerator, _gather);
            try
            {
                load(product, operands);
                return new DeviceTurns<GemmOutput>(this, product, product.Run, product.Read);
            }
            catch (Exception e)
            {
                Free(product);
                if (e is AcceleratorException failure)
                    throw Failed(failure);
                throw;
            }
        }
    }

    /// <summary>Sends weights and sums their lines.</summary>
    private void Load(ReadOnlySpan<sbyte> weights, IlgpuWeights w, DeviceBuffer words)
    {
        var length = checked(w.LineWords * w.Stride);
        KernelFamily.Pack(weights, w.K, w.Layout, words.Stage(length));
        words.Upload(length);
        words.DropStage();
        if (w.Tile > 0)
            w.Family.Encode(w);
        _device.Accelerator.Synchronize();
    }

    /// <summary>Loads kernels.</summary>
    /// <exception cref="BackendUnavailableException">The driver does not compile them.</exception>
    internal T Compile<T>(Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception e)
        {
            throw NotCompiled(e);
        }
    }

    private BackendUnavailableException NotCompiled(Exception e) =>
        new($"{Name}: the driver of {_device.Detail} does not compile the kernels, install a newer one ({Short(KernelRefusal.Find(_device.Accelerator) ?? e.Message)})", e);

    private static string Short(string log) => log.Length <= LongestLog ? log : log[..LongestLog] + "...";

    private BackendUnavailableException Failed(AcceleratorException e) =>
        _failure = new($"{Name}: {_device.Detail} failed and is lost to this run ({(e is CLException { Error: var error } ? error : e.Message)}); expected a device that works, or the backend host", e);
}
