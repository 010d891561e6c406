using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Drift.Bench;

/// <summary>An input of a model with its values.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Extents">Its shape.</param>
/// <param name="Bytes">Its values.</param>
internal sealed record OnnxInput(string Name, OnnxType Type, int[] Extents, byte[] Bytes)
{
    /// <summary>An input from values.</summary>
    public static OnnxInput Of<T>(string name, OnnxType type, ReadOnlySpan<T> values, params int[] extents)
        where T : unmanaged => new(name, type, extents, MemoryMarshal.AsBytes(values).ToArray());
}

/// <summary>A graph in ONNX Runtime, at its best settings. Inputs and output are bound once, so that nothing is copied or allocated when it runs.</summary>
internal sealed class OnnxContender : IContender
{
    /// <summary>Name of the graph's output.</summary>
    public const string Output = "Y";

    private readonly SessionOptions _options;
    private readonly RunOptions _run = new();
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly List<OrtValue> _values = [];
    private readonly OrtValue _output;
    private readonly OnnxType _type;

    /// <summary>Loads a graph.</summary>
    /// <param name="name">The name that tables show.</param>
    /// <param name="graph">Operators and constants; its inputs and output are described here.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="type">Type of its output.</param>
    /// <param name="extents">Shape of its output.</param>
    /// <param name="threads">Threads to use.</param>
    public OnnxContender(string name, OnnxGraph graph, IReadOnlyList<OnnxInput> inputs, OnnxType type, int[] extents, int threads)
    {
        (Name, _type) = (name, type);
        foreach (var input in inputs)
            graph.Input(input.Name, input.Type, input.Extents);
        graph.Output(Output, type, extents);
        _options = OnnxRuntimeLibrary.Fastest(threads);
        _session = new InferenceSession(graph.ToArray(), _options);
        _binding = _session.CreateIoBinding();
        foreach (var input in inputs)
        {
            var value = Allocated(input.Type, input.Extents);
            input.Bytes.CopyTo(value.GetTensorMutableRawData());
            _values.Add(value);
            _binding.BindInput(input.Name, value);
        }

        _output = Allocated(type, extents);
        _binding.BindOutput(Output, _output);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public void Run() => _session.RunWithBinding(_run, _binding);

    /// <inheritdoc/>
    public double[] Values() => _type == OnnxType.Int32
        ? [.. _output.GetTensorDataAsSpan<int>().ToArray().Select(value => (double)value)]
        : [.. _output.GetTensorDataAsSpan<float>().ToArray().Select(value => (double)value)];

    /// <inheritdoc/>
    public void Dispose()
    {
        _binding.Dispose();
        _session.Dispose();
        foreach (var value in _values)
            value.Dispose();
        _output.Dispose();
        _run.Dispose();
        _options.Dispose();
    }

    private static OrtValue Allocated(OnnxType type, int[] extents) =>
        OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, (TensorElementType)type, [.. extents.Select(extent => (long)extent)]);
}
