using System.Runtime.InteropServices;

namespace Drift.Bench;

/// <summary>
/// An operator of libtorch over tensors that are made once, through the C functions of TorchSharp's native half, as <c>eng/torch-cpu.sh</c> has them. It makes its result anew in every run, as it does in
/// any program.
/// </summary>
internal sealed unsafe class TorchContender : IContender
{
    private readonly TorchLibrary _library = new();
    private readonly List<AlignedBuffer<float>> _values = [];
    private readonly List<nint> _tensors = [];
    private readonly nint[] _operands;
    private readonly Func<TorchLibrary, nint[], nint> _run;
    private readonly Func<TorchLibrary, nint, nint>? _turned;
    private readonly int _count;
    private nint _result;

    /// <summary>Makes the tensors.</summary>
    /// <param name="name">The name that tables show.</param>
    /// <param name="threads">Threads to use.</param>
    /// <param name="inputs">Values and sizes.</param>
    /// <param name="run">Makes the result.</param>
    /// <param name="count">Values of the result.</param>
    /// <param name="turned">Another order of an input and of the result, in which the operator takes and gives it; null for none.</param>
    public TorchContender(string name, int threads, IReadOnlyList<(float[] Values, long[] Sizes)> inputs, Func<TorchLibrary, nint[], nint> run, int count, Func<TorchLibrary, nint, nint>? turned = null)
    {
        (Name, _run, _count, _turned) = (name, run, count, turned);
        _library.SetThreads(threads);
        foreach (var (values, sizes) in inputs)
        {
            var memory = new AlignedBuffer<float>(values.Length);
            values.CopyTo(memory.Span);
            _values.Add(memory);
            _tensors.Add(_library.New(memory.Pointer, sizes));
        }

        _operands = [.. _tensors.Select(tensor => turned is null ? tensor : turned(_library, tensor))];
        if (turned is not null)
            _tensors.AddRange(_operands);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public void Run()
    {
        _library.Release(_result);
        _result = _run(_library, _operands);
    }

    /// <inheritdoc/>
    public double[] Values()
    {
        var turned = _turned is null ? _result : _turned(_library, _result);
        var whole = _library.Contiguous(turned);
        double[] values = [.. new ReadOnlySpan<float>(_library.Data(whole), _count).ToArray().Select(value => (double)value)];
        _library.Release(whole);
        if (_turned is not null)
            _library.Release(turned);
        return values;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _library.Release(_result);
        foreach (var tensor in _tensors)
            _library.Release(tensor);
        foreach (var memory in _values)
            memory.Dispose();
    }
}

/// <summary>The functions of TorchSharp's native half (0.107.0) that contests need. Tensors are handles; whoever is given one releases it.</summary>
internal sealed unsafe class TorchLibrary
{
    // Values of c10::ScalarType and c10::DeviceType; a CPU has no index.
    private const sbyte Float32 = 6;
    private const int Cpu = 0, NoIndex = -1;
    private readonly nint _library = TorchRival.Load();

    /// <summary>Threads of an operator.</summary>
    public void SetThreads(int threads) => ((delegate* unmanaged<int, void>)At("THSTorch_set_num_threads"))(threads);

    /// <summary>A tensor over memory that stays ours.</summary>
    public nint New(float* values, long[] sizes)
    {
        fixed (long* extents = sizes)
            return Made(((delegate* unmanaged<void*, delegate* unmanaged<void*, void>, long*, int, sbyte, sbyte, int, int, byte, nint>)At("THSTensor_new"))(values, &Keep, extents, sizes.Length, Float32, Float32, Cpu, NoIndex, 0));
    }

    /// <summary>Releases a tensor; nothing where there is none.</summary>
    public void Release(nint tensor)
    {
        if (tensor != 0)
            ((delegate* unmanaged<nint, void>)At("THSTensor_dispose"))(tensor);
    }

    /// <summary>Its values in their order, copied where they stand in another.</summary>
    public nint Contiguous(nint tensor) => Made(((delegate* unmanaged<nint, nint>)At("THSTensor_contiguous"))(tensor));

    /// <summary>Where they are.</summary>
    public void* Data(nint tensor) => ((delegate* unmanaged<nint, void*>)At("THSTensor_data"))(tensor);

    /// <summary>[1, tokens, heads, d] and [1, heads, tokens, d], either from the other, without a copy.</summary>
    public nint Turned(nint tensor) => Made(((delegate* unmanaged<nint, long, long, nint>)At("THSTensor_transpose"))(tensor, 1, 2));

    /// <summary>An operator of one tensor: <c>THSTensor_gelu</c>, <c>THSTensor_silu</c>.</summary>
    public nint Unary(string function, nint x) => Made(((delegate* unmanaged<nint, nint>)At(function))(x));

    /// <summary>Softmax of rows.</summary>
    public nint Softmax(nint x) => Made(((delegate* unmanaged<nint, long, sbyte, nint>)At("THSSpecial_softmax"))(x, 1, Float32));

    /// <summary>Layer norm of rows.</summary>
    public nint LayerNorm(nint x, long width, nint gain, nint offset, double epsilon) =>
        Made(((delegate* unmanaged<nint, long*, long, nint, nint, double, nint>)At("THSNN_layer_norm"))(x, &width, 1, gain, offset, epsilon));

    /// <summary>Group norm of planes.</summary>
    public nint GroupNorm(nint x, long groups, nint gain, nint offset, double epsilon) => Made(((delegate* unmanaged<nint, long, nint, nint, double, nint>)At("THSNN_group_norm"))(x, groups, gain, offset, epsilon));

    /// <summary>Attention over [1, heads, tokens, d].</summary>
    public nint Attention(nint q, nint k, nint v) => Made(((delegate* unmanaged<nint, nint, nint, nint, double, byte, nint>)At("THSNN_scaled_dot_product_attention"))(q, k, v, 0, 0, 0));

    /// <summary>Convolution of planes at stride 1.</summary>
    public nint Convolution(nint x, nint filters, nint bias, long padding)
    {
        long one = 1;
        return Made(((delegate* unmanaged<nint, nint, nint, long*, int, long*, int, long*, int, long, nint>)At("THSTensor_conv2d"))(x, filters, bias, &one, 1, &padding, 1, &one, 1, 1));
    }

    private nint At(string function) => NativeLibrary.GetExport(_library, function);

    private nint Made(nint tensor) => tensor != 0 ? tensor
        : throw new InvalidOperationException($"libtorch: {Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)At("THSTorch_get_and_reset_last_err"))())}");

    /// <summary>The memory is ours.</summary>
    [UnmanagedCallersOnly]
    private static void Keep(void* memory)
    {
    }
}
