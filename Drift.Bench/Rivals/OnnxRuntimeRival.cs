using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Drift.Bench;

/// <summary>ONNX Runtime's fp32 MatMul (its kernels are called MLAS).</summary>
internal sealed class OnnxRuntimeFloat : IRival<float, float>
{
    /// <inheritdoc/>
    public string Name => "ONNX Runtime MatMul";

    /// <inheritdoc/>
    public string? Missing() => OnnxRuntimeLibrary.Missing();

    /// <inheritdoc/>
    public IProduct<float> Open(Operands<float> operands, int threads)
    {
        var model = OnnxModel.Product("MatMul", OnnxType.Float, OnnxType.Float, OnnxType.Float, operands.Shape, operands.TransposedWeights(), null);
        var (m, _, k) = operands.Shape;
        var input = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, [m, k]);
        operands.Activations.Span.CopyTo(input.GetTensorMutableDataAsSpan<float>());
        return new OnnxRuntimeProduct<float>(Name, model, input, TensorElementType.Float, operands.Shape, threads);
    }
}

/// <summary>
/// ONNX Runtime's MatMulInteger. MLAS is fast where A is unsigned: adding 128 and saying so by the zero point gives the same product as signed values do.
/// </summary>
/// <param name="signed">True for signed activations, false for the unsigned ones.</param>
internal sealed class OnnxRuntimeInt8(bool signed) : IRival<sbyte, int>
{
    private const int Zero = 128;

    /// <inheritdoc/>
    public string Name => signed ? "ONNX Runtime s8s8" : "ONNX Runtime u8s8";

    /// <inheritdoc/>
    public string? Missing() => OnnxRuntimeLibrary.Missing();

    /// <inheritdoc/>
    public IProduct<int> Open(Operands<sbyte> operands, int threads)
    {
        var model = OnnxModel.Product("MatMulInteger", signed ? OnnxType.Int8 : OnnxType.UInt8, OnnxType.Int8, OnnxType.Int32, operands.Shape,
            operands.TransposedWeights(), signed ? null : (byte)Zero);
        var (m, _, k) = operands.Shape;
        var input = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, signed ? TensorElementType.Int8 : TensorElementType.UInt8, [m, k]);
        var source = operands.Activations.Span;
        if (signed)
        {
            source.CopyTo(input.GetTensorMutableDataAsSpan<sbyte>());
        }
        else
        {
            var target = input.GetTensorMutableDataAsSpan<byte>();
            for (var i = 0; i < source.Length; i++)
                target[i] = (byte)(source[i] + Zero);
        }

        return new OnnxRuntimeProduct<int>(Name, model, input, TensorElementType.Int32, operands.Shape, threads);
    }
}

/// <summary>A session over a model of one product. Input and output are bound once, so that nothing is copied or allocated when it runs.</summary>
internal sealed class OnnxRuntimeProduct<TOut> : IProduct<TOut>
    where TOut : unmanaged
{
    private readonly SessionOptions _options;
    private readonly RunOptions _run = new();
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly OrtValue _input, _output;
    private readonly int _n;

    /// <summary>Loads the model.</summary>
    /// <param name="name">The rival's name.</param>
    /// <param name="model">Bytes of the model.</param>
    /// <param name="input">A; owned from now on.</param>
    /// <param name="output">Type of the product.</param>
    /// <param name="shape">M, N and K.</param>
    /// <param name="threads">Threads of the product.</param>
    public OnnxRuntimeProduct(string name, byte[] model, OrtValue input, TensorElementType output, Kernels.GemmShape shape, int threads)
    {
        (Name, _input, _n) = (name, input, shape.N);
        _output = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, output, [shape.M, shape.N]);
        _options = OnnxRuntimeLibrary.Fastest(threads);
        _session = new InferenceSession(model, _options);
        _binding = _session.CreateIoBinding();
        _binding.BindInput(OnnxModel.Input, _input);
        _binding.BindOutput(OnnxModel.Output, _output);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public void Run() => _session.RunWithBinding(_run, _binding);

    /// <inheritdoc/>
    public ReadOnlySpan<TOut> Row(int row) => _output.GetTensorDataAsSpan<TOut>().Slice(row * _n, _n);

    /// <inheritdoc/>
    public void Dispose()
    {
        _binding.Dispose();
        _session.Dispose();
        _output.Dispose();
        _input.Dispose();
        _run.Dispose();
        _options.Dispose();
    }
}

/// <summary>ONNX Runtime: whether its native half loads, and how it is set.</summary>
internal static class OnnxRuntimeLibrary
{
    /// <summary>Its best settings: all of a graph's rewriting, operators one after the other, each on all threads.</summary>
    /// <param name="threads">Threads of an operator, at least 1.</param>
    public static SessionOptions Fastest(int threads) => new()
    {
        IntraOpNumThreads = threads,
        InterOpNumThreads = 1,
        ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
        GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
    };

    /// <summary>Null where its native half loads, else why not.</summary>
    public static string? Missing()
    {
        try
        {
            OrtEnv.Instance().GetVersionString();
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException or EntryPointNotFoundException or OnnxRuntimeException)
        {
            var cause = e is TypeInitializationException { InnerException: { } inner } ? inner : e;
            return $"the native library of package Microsoft.ML.OnnxRuntime does not load; it comes with the build for linux-x64, linux-arm64, win-x64, win-arm64 and osx-arm64: {cause.Message}";
        }
    }
}
