using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// Products on an ILGPU device: CUDA, OpenCL, or ILGPU's own simulator of a GPU on the CPU, which is slow and there for verification.
/// Calls from several threads take turns, as they would on the device.
/// </summary>
internal sealed class IlgpuBackend : IGemmBackend
{
    public const string Cpu = "ilgpu-cpu", OpenCL = "ilgpu-opencl", Cuda = "ilgpu-cuda";

    // ILGPU would take the largest group. PoCL keeps the registers of a whole group on one thread's stack: with 4096 items, a crash.
    private const int GroupSize = 32;

    private readonly Lock _gate = new();
    private readonly IlgpuDevice _device;
    private readonly DeviceBuffer _activations, _lines, _plan, _accumulators, _sums;
    private readonly Action<Index2D, ArrayView<int>, OperandLayout, int, ArrayView<int>> _encode;
    private readonly Action<Index2D, ArrayView<int>, OperandLayout, ArrayView<int>, ArrayView<int>, int, int> _expect;
    private readonly KernelFamily[] _families;
    private bool _disposed;

    /// <summary>Opens a device and compiles the kernels for it.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="optimised">False leaves ILGPU's optimisations out, which must change no bit.</param>
    /// <exception cref="BackendUnavailableException">The device is absent, or its driver does not compile the kernels.</exception>
    public IlgpuBackend(string name, bool optimised = true)
    {
        Name = name;
        _device = IlgpuDevice.Open(name, optimised ? OptimizationLevel.O2 : OptimizationLevel.O0);
        var accelerator = _device.Accelerator;
        (_activations, _lines, _plan) = (new(accelerator), new(accelerator), new(accelerator));
        (_accumulators, _sums) = (new(accelerator), new(accelerator));
        var group = Math.Min(GroupSize, accelerator.MaxNumThreadsPerGroup);
        try
        {
            _encode = accelerator.LoadImplicitlyGroupedStreamKernel<Index2D, ArrayView<int>, OperandLayout, int, ArrayView<int>>(
                ExpectedSumKernels.Encode, group);
            _expect = accelerator.LoadImplicitlyGroupedStreamKernel<Index2D, ArrayView<int>, OperandLayout, ArrayView<int>, ArrayView<int>, int, int>(
                ExpectedSumKernels.Expect, group);
            KernelFamily direct = new DirectFamily(accelerator, group);
            _families = _device.HasTensorCores ? [new MatrixFamily(accelerator), direct] : [direct];
        }
        catch (Exception e)
        {
            var detail = _device.Detail;
            _device.Dispose();
            throw new BackendUnavailableException($"{name}: the driver of {detail} does not compile the kernels, install a newer one ({e.Message})", e);
        }

        // Tensor cores cannot be simulated: a device whose own do not give the reference's bits does without them.
        if (_families.Length > 1 && !BackendTrial.Passes(this))
            _families = [_families[^1]];
    }

    /// <summary>The names of the devices.</summary>
    public static IReadOnlyList<string> Names { get; } = [Cpu, OpenCL, Cuda];

    /// <inheritdoc/>
    public string Name { get; }

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
    public GemmWeights Prepare(ReadOnlySpan<sbyte> weights, int n, int k, ChecksumTiles tiles)
    {
        if (tiles.Moments)
            throw new BackendUnavailableException($"{Name} takes no position-weighted line sums; expected the backend host or reference");
        if (weights.Length != (long)n * k)
            throw new ArgumentException($"{n} x {k} weights need {(long)n * k} values, the span has {weights.Length}", nameof(weights));
        DeviceBuffer words = new(_device.Accelerator), lines = new(_device.Accelerator);
        var prepared = new IlgpuWeights(this, _families.First(family => family.Suits(tiles.AlwaysSummed)), n, k, tiles, words, lines);
        lock (_gate)
        {
            Enter();
            try
            {
                Load(weights, prepared, words);
                return prepared;
            }
            catch
            {
                prepared.Dispose();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public void Multiply(in GemmCall call, FaultPlan faults, GemmOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (call.Weights is not IlgpuWeights w || w.Owner != this)
            throw new ArgumentException($"weights prepared by another backend than this {Name}", nameof(call));
        var (m, n, _) = call.Shape;
        var rows = IlgpuWeights.RoundUp(m, w.Family.RowUnit);
        lock (_gate)
        {
            Enter();
            output.Resize(call.Shape, w.Stride, rows, w.Tile);
            var plan = Upload(faults, call.Shape);
            var a = Upload(call, rows, w.LineWords);
            var c = _accumulators.Take(rows * w.Stride);
            var sums = new SumLayout(m, n, rows, w.Stride, w.Tile);
            var view = _sums.Take(sums.Length);
            // A plan that was drawn and came out empty still has blocks, but no starts.
            var (blockRows, blockColumns) = faults.IsEmpty ? (0, 0) : (faults.BlockRows, faults.BlockColumns);
            var e = new GemmExtents(m, n, w.LineWords, w.Stride, w.Tile, sums.TileColumns, blockColumns, blockRows * blockColumns);
            view.MemSetToZero();
            w.Family.Multiply(new ProductLaunch(a, w.Words, plan, c, sums.ObservedRows(view), sums.ObservedColumns(view), e), rows);
            if (w.Tile > 0)
                Expect(a, w, sums, view);
            _accumulators.Download(MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(output.Accumulators), rows * w.Stride));
            if (w.Tile > 0)
                sums.Read(_sums.Download(sums.Length), output);
            if (w.Tiles.IsHierarchical)
                CoarseTiles.Forget(output, w.Tiles);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            foreach (var buffer in (ReadOnlySpan<DeviceBuffer>)[_activations, _lines, _plan, _accumulators, _sums])
                buffer.Dispose();
            _device.Dispose();
        }
    }

    /// <summary>Frees buffers, unless the device took them along when it closed.</summary>
    internal void Release(params ReadOnlySpan<DeviceBuffer> buffers)
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            foreach (var buffer in buffers)
                buffer.Dispose();
        }
    }

    /// <summary>Makes this thread the device's, for as long as it holds the lock.</summary>
    private void Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _device.Accelerator.Bind();
    }

    /// <summary>Sends weights and sums their lines.</summary>
    private void Load(ReadOnlySpan<sbyte> weights, IlgpuWeights w, DeviceBuffer words)
    {
        var length = checked(w.LineWords * w.Stride);
        KernelFamily.Pack(weights, w.K, w.Layout, words.Stage(length));
        words.Upload(length);
        words.DropStage();
        if (w.Tile > 0)
            _encode(new Index2D(w.LineWords, IlgpuWeights.TilesIn(w.N, w.Tile)), w.Words, w.Layout, w.Tile, w.Lines);
        _device.Accelerator.Synchronize();
    }

    private void Expect(ArrayView<int> a, IlgpuWeights w, SumLayout sums, ArrayView<int> view)
    {
        var layout = new OperandLayout(sums.Rows, w.LineWords, 1, w.LineWords);
        var lines = _lines.Take(sums.TileRows * w.LineWords * 4);
        _encode(new Index2D(w.LineWords, sums.TileRows), a, layout, w.Tile, lines);
        _expect(new Index2D(sums.Rows, sums.TileColumns), a, layout, w.Lines, sums.ExpectedRows(view), sums.TileColumns, 1);
        _expect(new Index2D(sums.Columns, sums.TileRows), w.Words, w.Layout, lines, sums.ExpectedColumns(view), 1, w.Stride);
    }

    private ArrayView<int> Upload(FaultPlan faults, GemmShape shape)
    {
        if (faults.IsEmpty)
            return _plan.Take(1);
        var length = PackedPlan.Length(faults);
        PackedPlan.Write(faults, shape, _plan.Stage(length));
        return _plan.Upload(length);
    }

    /// <summary>A as words, rows padded with zeros.</summary>
    private ArrayView<int> Upload(in GemmCall call, int rows, int words)
    {
        var length = checked(rows * words);
        var stage = MemoryMarshal.Cast<int, sbyte>(_activations.Stage(length));
        stage.Clear();
        call.CopyRows(0, call.Shape.M, stage, words * 4);
        return _activations.Upload(length);
    }
}
