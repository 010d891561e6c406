using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace Drift.Kernels.Ilgpu;

/// <summary>Tensors on an ILGPU device. Everything is queued on the device's own stream, so what was asked for first is done first; the host waits only where values come back.</summary>
internal sealed class IlgpuTensors : ITensorDevice, IDisposable
{
    private readonly IlgpuBackend _backend;
    private readonly Outbox _outbox = new();
    private readonly Lazy<TensorKernelSet> _kernels;
    private readonly Lazy<LayerKernelSet> _layers;
    private readonly Lazy<ResidentLayers> _linear;
    private readonly Lazy<ResidentNorms> _norms;
    private readonly DeviceBuffer _parts, _scores, _places;
    private DeviceTraffic _traffic;

    /// <summary>Tensors of a backend's device. Kernels are compiled when they are first needed.</summary>
    /// <param name="backend">The backend.</param>
    /// <param name="accelerator">Its device.</param>
    /// <param name="group">Work items of a group.</param>
    public IlgpuTensors(IlgpuBackend backend, Accelerator accelerator, int group)
    {
        (_backend, Accelerator, _parts, _scores, _places) = (backend, accelerator, new(accelerator), new(accelerator), new(accelerator));
        _kernels = new(() => backend.Compile(() => new TensorKernelSet(accelerator, group)));
        _linear = new(() => new ResidentLayers(accelerator, backend.Floats, _kernels.Value));
        _norms = new(() => new ResidentNorms(accelerator, backend, group, _kernels.Value));
        _layers = new(() => backend.Compile(() => new LayerKernelSet(accelerator, group)));
    }

    /// <summary>The device.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>fp32 layers.</summary>
    internal ResidentLayers Linears => _linear.Value;

    /// <summary>Norms with learned factors.</summary>
    internal ResidentNorms Norms => _norms.Value;

    /// <summary>The kernels around products.</summary>
    public LayerKernelSet Layers => _layers.Value;

    /// <inheritdoc/>
    public DeviceTraffic Traffic => _backend.Use(() => _traffic);

    /// <inheritdoc/>
    public Workspace OpenWorkspace() => new(() => new IlgpuHome(this));

    /// <inheritdoc/>
    public IResidentProducts OpenProducts(CheckpointPlace place = CheckpointPlace.Device) =>
        new ResidentProducts(_backend, this, place == CheckpointPlace.Host ? _backend.Use(() => new OffloadedCheckpoints(this)) : new DeviceCheckpoints(Accelerator));

    /// <inheritdoc/>
    public void Linear(Tensor input, FloatWeights weights, float[] bias, Tensor output)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(bias);
        ArgumentNullException.ThrowIfNull(output);
        if (weights.Type != DotType.Float || input.Columns != weights.K || output.Columns != weights.N || output.Rows != input.Rows || (bias.Length != 0 && bias.Length != weights.N))
            throw new ArgumentException($"fp32 weights of {weights.N} x {weights.K} and {bias.Length} biases do not fit [{string.Join(", ", input.Shape)}] and [{string.Join(", ", output.Shape)}]", nameof(weights));
        _backend.Use(() => _linear.Value.Multiply(View(input), input.Rows, weights, bias, View(output)));
    }

    /// <inheritdoc/>
    public void Convolve(Tensor input, ConvolutionShape shape, FloatWeights filters, float[] bias, Tensor output)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(filters);
        ArgumentNullException.ThrowIfNull(bias);
        ArgumentNullException.ThrowIfNull(output);
        var (_, n, k) = shape.Required().Product;
        Require(
            filters.Type == DotType.Float && shape is { Groups: 1, Layout: ChannelLayout.Last } && filters.N == n && filters.K == k && (bias.Length == 0 || bias.Length == n), nameof(filters), input, output);
        Require(input.Length == shape.InputLength && output.Length == shape.OutputLength, nameof(shape), input, output);
        _backend.Use(() =>
        {
            if (shape.IsPointwise)
                _linear.Value.Multiply(View(input), input.Rows, filters, bias, View(output));
            else
                _linear.Value.Convolve(View(input), shape, filters, bias, View(output));
        });
    }

    /// <inheritdoc/>
    public void NormaliseRows(Tensor input, float[] gamma, float[] beta, float epsilon, Tensor output)
    {
        Require(gamma.Length == input.Columns && beta.Length == input.Columns && output.Length == input.Length, nameof(gamma), input, output);
        _backend.Use(() => _norms.Value.Rows(View(input), input.Rows, gamma, beta, epsilon, View(output)));
    }

    /// <inheritdoc/>
    public bool TryNormaliseGroups(Tensor input, int groups, float[] gamma, float[] beta, float epsilon, Tensor output)
    {
        var channels = input.Columns;
        Require(groups > 0 && channels % groups == 0 && gamma.Length == channels && beta.Length == channels && output.Length == input.Length, nameof(groups), input, output);
        if (Accelerator is CLAccelerator { Capabilities.Float64: false })
            return false;
        var e = new GroupExtents(input.Rows / input.Shape[0], channels, groups, epsilon);
        _backend.Use(() => _norms.Value.Groups(View(input), input.Shape[0], gamma, beta, View(output), e));
        return true;
    }

    /// <inheritdoc/>
    public void Modulate(Tensor input, Tensor parts, int shift, float epsilon, Tensor output) => _backend.Use(() =>
    {
        var e = Extents(input, parts, shift) with { Epsilon = epsilon };
        _kernels.Value.Modulate(input.Rows, View(input), Parts(parts), View(output), e);
    });

    /// <inheritdoc/>
    public void AddGated(Tensor values, Tensor branch, Tensor parts, int gate) => _backend.Use(() =>
    {
        var e = Extents(values, parts, gate);
        _kernels.Value.AddGated(FlatIndex.Count(e.Width, values.Rows), View(values), View(branch), Parts(parts), e);
    });

    /// <inheritdoc/>
    public void AddToRows(Tensor values, Tensor addends) => _backend.Use(() =>
    {
        var e = Extents(values, addends, 0);
        _kernels.Value.AddToRows(FlatIndex.Count(e.Width, values.Rows), View(values), Parts(addends), e);
    });

    /// <inheritdoc/>
    public void Add(Tensor values, Tensor other)
    {
        Require(values.Length == other.Length, nameof(other), values, other);
        _backend.Use(() => _kernels.Value.Add(values.Length, View(values), View(other)));
    }

    /// <inheritdoc/>
    public void GeluTanh(Tensor values) => _backend.Use(() => _kernels.Value.GeluTanh(values.Length, View(values)));

    /// <inheritdoc/>
    public void GateGelu(Tensor values, Tensor output)
    {
        Require(values.Rows == output.Rows && values.Columns == 2 * output.Columns, nameof(output), values, output);
        _backend.Use(() => _kernels.Value.GateGelu(FlatIndex.Count(output.Columns, output.Rows), View(values), View(output), output.Columns));
    }

    /// <inheritdoc/>
    public void Silu(Tensor values) => _backend.Use(() => _kernels.Value.Silu(values.Length, View(values)));

    /// <inheritdoc/>
    public void Join(Tensor first, Tensor second, Tensor target)
    {
        Require(first.Rows == second.Rows && target.Rows == first.Rows && target.Columns == first.Columns + second.Columns, nameof(target), first, second, target);
        _backend.Use(() => _kernels.Value.Join(FlatIndex.Count(target.Columns, target.Rows), View(first), View(second), View(target), first.Columns, second.Columns));
    }

    /// <inheritdoc/>
    public void Double(Tensor small, Tensor large)
    {
        var fits = small.Shape is [var batch, var height, var width, var channels] && large.Shape is [var pictures, var rows, var columns, var depth]
            && pictures == batch && depth == channels && (rows + 1) / 2 == height && (columns + 1) / 2 == width;
        Require(fits, nameof(large), small, large);
        var e = new DoublingExtents(large.Shape[1], large.Shape[2], small.Shape[1], small.Shape[2], small.Columns);
        _backend.Use(() => _kernels.Value.Double(FlatIndex.Count(e.Channels, large.Rows), View(small), View(large), e));
    }

    /// <inheritdoc/>
    public void Transpose(Tensor source, int columns, Tensor target)
    {
        var each = source.Shape[0] == 0 ? 0 : source.Length / source.Shape[0];
        Require(target.Length == source.Length && columns > 0 && each % columns == 0, nameof(target), source, target);
        _backend.Use(() => _kernels.Value.Transpose(FlatIndex.Count(each, source.Shape[0]), View(source), View(target), each / columns, columns));
    }

    /// <inheritdoc/>
    public bool TryAttend(AttentionCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        if (call is not { Bias: null, Causal: false, Bfloat16: false, Sums: null, ScoreFaults: null, OutputFaults: null }
            || call.Queries.Home is not IlgpuHome || call.Keys.Home is not IlgpuHome || call.Values.Home is not IlgpuHome)
            return false;
        call.Validate();
        int[]?[] kept = [.. Enumerable.Range(0, call.Samples).Select(sample => Kept(call, sample))];
        if (kept.Any(keys => keys is { Length: 0 }))
            return false;
        _backend.Use(() => Attend(call, kept));
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_linear.IsValueCreated)
            _linear.Value.Dispose();
        if (_norms.IsValueCreated)
            _norms.Value.Dispose();
        _parts.Dispose();
        _scores.Dispose();
        _places.Dispose();
    }

    /// <summary>A tensor's values on the device. Under the backend's lock.</summary>
    /// <exception cref="ArgumentException">It is of another workspace.</exception>
    internal ArrayView<float> View(Tensor tensor) => tensor.Home is IlgpuHome home && home.Device == this
        ? home.View().SubView(tensor.Start, tensor.Length)
        : throw new ArgumentException($"a tensor of [{string.Join(", ", tensor.Shape)}] was not rented from a workspace of {_backend.Name}", nameof(tensor));

    /// <summary>Queues the copy of a plan; a word where there is none, since a kernel wants a view. Under the backend's lock.</summary>
    internal ArrayView<int> Send(FaultPlan faults, GemmShape shape, DeviceBuffer target)
    {
        if (faults.IsEmpty)
            return target.Take(1);
        var staged = _outbox.Stage(PackedPlan.Length(faults));
        PackedPlan.Write(faults, shape, staged);
        return SendStaged(staged, target);
    }

    /// <summary>Queues the copy of a tensor's values.</summary>
    internal void Send(DeviceBuffer target, float[] values, int length) => _backend.Use(() =>
    {
        var staged = _outbox.Stage(Math.Max(1, length));
        MemoryMarshal.Cast<float, int>(values.AsSpan(0, length)).CopyTo(staged);
        SendStaged(staged, target);
    });

    /// <summary>Waits for the device and copies a tensor's values from it.</summary>
    internal void Fetch(DeviceBuffer source, float[] values, int length) => _backend.Use(() =>
    {
        if (length > 0)
            source.Download(MemoryMarshal.Cast<float, int>(values.AsSpan(0, length)));
        Waited(length);
    });

    /// <summary>Waits for the device and copies words from it. Under the backend's lock.</summary>
    internal ReadOnlySpan<int> Fetch(DeviceBuffer source, int length)
    {
        var words = source.Download(length);
        Waited(length);
        return words;
    }

    /// <summary>Queues the copy of rows of a tensor of the host. Under the backend's lock.</summary>
    internal ArrayView<float> Send(ReadOnlySpan<float> values, DeviceBuffer target) => Send(MemoryMarshal.Cast<float, int>(values), target).Cast<float>();

    /// <summary>Notes that the host waited for words of the device: everything that was sent before has arrived. Under the backend's lock.</summary>
    internal void Waited(long words)
    {
        _outbox.Clear();
        _traffic = _traffic with { RoundTrips = _traffic.RoundTrips + 1, FetchedBytes = _traffic.FetchedBytes + words * sizeof(int) };
    }

    /// <summary>Notes that checkpoints left or came on a queue of their own. Under the backend's lock.</summary>
    internal void Travelled(long offloaded, long restored) => _traffic = _traffic with
    {
        OffloadedBytes = _traffic.OffloadedBytes + offloaded * sizeof(int), RestoredBytes = _traffic.RestoredBytes + restored * sizeof(int),
    };

    /// <summary>Frees memory, unless the device took it along when it closed.</summary>
    internal void Release(params ReadOnlySpan<IDisposable> buffers) => _backend.Release(buffers);

    /// <summary>A sample after the other, so that no more scores exist than one has.</summary>
    private void Attend(AttentionCall call, int[]?[] kept)
    {
        ArrayView<float> queries = View(call.Queries), keys = View(call.Keys), values = View(call.Values), output = View(call.Output);
        int rows = call.Heads * call.Tokens, width = call.Queries.Columns, ofQueries = call.Tokens * width, ofKeys = call.KeyTokens * width;
        var scores = _scores.Take(checked(rows * call.KeyTokens)).Cast<float>();
        for (var sample = 0; sample < call.Samples; sample++)
        {
            var e = new AttentionExtents(call.Tokens, kept[sample]?.Length ?? call.KeyTokens, call.Heads, call.Depth, call.Scale ?? 1 / MathF.Sqrt(call.Depth), kept[sample] is null ? 0 : 1);
            var places = kept[sample] is { } some ? Send(some, _places) : _places.Take(1);
            _kernels.Value.Score(FlatIndex.Count(e.Keys, rows), queries.SubView(sample * ofQueries, ofQueries), keys.SubView(sample * ofKeys, ofKeys), places, scores, e);
            _kernels.Value.Softmax(rows, scores, e);
            _kernels.Value.Weigh(FlatIndex.Count(e.Depth, rows), scores, values.SubView(sample * ofKeys, ofKeys), places, output.SubView(sample * ofQueries, ofQueries), e);
        }
    }

    /// <summary>The places of the keys that a sample's mask leaves; null without a mask.</summary>
    private static int[]? Kept(AttentionCall call, int sample) =>
        call.KeyMask is not { } mask ? null : [.. Enumerable.Range(0, call.KeyTokens).Where(key => mask[sample * call.KeyTokens + key])];

    /// <summary>Parts of a modulation: small, and mostly the host's, which computes and remembers them.</summary>
    private ArrayView<float> Parts(Tensor parts) =>
        parts.Home is IlgpuHome ? View(parts) : Send(MemoryMarshal.Cast<float, int>(parts.Span), _parts).Cast<float>();

    private ArrayView<int> Send(ReadOnlySpan<int> words, DeviceBuffer target)
    {
        var staged = _outbox.Stage(words.Length);
        words.CopyTo(staged);
        return SendStaged(staged, target);
    }

    private ArrayView<int> SendStaged(Span<int> staged, DeviceBuffer target)
    {
        var view = target.Take(staged.Length);
        Outbox.Send(staged, view);
        _traffic = _traffic with { Sends = _traffic.Sends + 1, SentBytes = _traffic.SentBytes + staged.Length * sizeof(int) };
        return view;
    }

    private static void Require(bool fits, string operand, params ReadOnlySpan<Tensor> tensors)
    {
        if (fits)
            return;
        var shapes = tensors.ToArray().Select(tensor => $"[{string.Join(", ", tensor.Shape)}]");
        throw new ArgumentException($"operands do not fit together: {string.Join(", ", shapes)}", operand);
    }

    private static ModulationExtents Extents(Tensor values, Tensor parts, int part)
    {
        var samples = parts.Rows;
        if (samples == 0 || values.Rows % samples != 0 || parts.Columns % values.Columns != 0)
            throw new ArgumentException($"parts of [{string.Join(", ", parts.Shape)}] do not fit values of [{string.Join(", ", values.Shape)}]", nameof(parts));
        return new ModulationExtents(values.Columns, values.Rows / samples, parts.Columns, part * values.Columns, 0);
    }
}
