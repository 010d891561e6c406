using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Products on a device as <c>drift bench gemm --backend</c> compares them: operands are there before, results stay there; activations are laid out and their lines summed in every run.</summary>
internal static class DeviceKinds
{
    /// <summary>The type that only a device with tensor cores has.</summary>
    public const string HalvesType = "fp16";

    /// <summary>The layers: the cube that everybody quotes and those of a DiT-XL block.</summary>
    private static readonly IReadOnlyList<GemmLayer> Layers = [GemmLayer.Cube, .. GemmLayer.DitXl];

    /// <summary>Layers that fill a large GPU.</summary>
    private static readonly IReadOnlyList<GemmLayer> LargeLayers = [GemmLayer.Cube, .. GemmLayer.Sets["large-cubes"], .. GemmLayer.Sets["dit-xl-8"], .. GemmLayer.Sets["dit-xl-32"]];

    /// <summary>INT8, against our fp32 on the same device and our INT8 on the host, which both must give the same bits; on CUDA against cuBLAS, whose bits are the same too.</summary>
    public static GemmKind<sbyte, int> Int8(IDeviceProducts device) => GemmKinds.Int8 with
    {
        Layers = device.Cuda is null ? Layers : LargeLayers,
        Guards = [new("flat32", 32), new("flat128", 128)],
        Rivals = device.Cuda is { } queue ? [CuBlasGemmEx.Int8(queue, FindCuBlas), new CuBlasLtInt8(queue, FindCuBlas)] : [new DeviceFp32OfInt8(device), new HostInt8()],
        Ours = (operands, _, guarding, faultRate) => new DeviceInt8Product(device, operands, guarding, faultRate),
        ByThreads = false,
        GuardedMeetRivals = device.Cuda is null,
    };

    /// <summary>INT8 from fp32 activations, as layers have them: quantised in every run, with the checks' own sums of them in passing. Against the same without checks.</summary>
    public static GemmKind<sbyte, int> Quantised(IDeviceProducts device) => Int8(device) with
    {
        Guards = [new("flat32, quantised", 32), new("flat128, quantised", 128)],
        Rivals = [],
        Plain = Guarding.None with { Name = "none, quantised" },
        Ours = (operands, _, guarding, faultRate) => new DeviceInt8Product(device, operands, guarding, faultRate, quantises: true),
    };

    /// <summary>fp32, against CLBlast where the device is OpenCL's, and our fp32 on the host; on CUDA against cuBLAS.</summary>
    public static GemmKind<float, float> Float(IDeviceProducts device) => GemmKinds.Float with
    {
        Layers = device.Cuda is null ? Layers : LargeLayers,
        Guards = [new("flat128", 128), new("flat32", 32)],
        Rivals = device.Cuda is { } queue ? [new CuBlasFloat(queue, FindCuBlas)] : device.Name == Backends.OpenCL ? [new ClBlastRival(), new HostFp32()] : [new HostFp32()],
        Ours = (operands, _, guarding, faultRate) => new DeviceFp32Product(device, operands, guarding, faultRate),
        ByThreads = false,
        GuardedMeetRivals = device.Cuda is null,
    };

    /// <summary>fp16 into fp32 on tensor cores, against cuBLAS. Operands are rounded to 11 bits before either side sees them; both add in an order of their own.</summary>
    public static GemmKind<Half, float> Halves(IDeviceProducts device) => new()
    {
        Type = HalvesType,
        Unit = GemmKinds.Float.Unit,
        Tolerance = 1e-4,
        Layers = LargeLayers,
        Guards = [],
        Rivals = device.Cuda is { } queue ? [CuBlasGemmEx.Halves(queue, FindCuBlas)] : [],
        Draw = Operands.Halves,
        Ours = (operands, _, _, _) => new DeviceFloats($"Drift on {device.Name}, none", device.Halves(operands.Activations.Span, operands.Weights.Span, operands.Shape)),
        ByThreads = false,
    };

    private static CuBlasLibrary? FindCuBlas(out string missing) => CuBlasLibrary.Find(Environment.GetEnvironmentVariable, out missing);
}

/// <summary>An INT8 product on a device.</summary>
internal sealed class DeviceInt8Product : IProduct<int>
{
    private readonly GemmWeights _weights;
    private readonly IDeviceProduct<GemmOutput> _product;
    private readonly GemmOutput _output = new();

    /// <summary>Sends a product.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="operands">Its operands.</param>
    /// <param name="guarding">Its checks.</param>
    /// <param name="faultRate">Flips an element.</param>
    /// <param name="quantises">Whether activations are sent in fp32 and quantised in every run; to the same codes.</param>
    public DeviceInt8Product(IDeviceProducts device, Operands<sbyte> operands, Guarding guarding, double faultRate, bool quantises = false)
    {
        var (m, n, k) = operands.Shape;
        Name = $"Drift on {device.Name}, {guarding.Name}";
        _weights = device.Prepare(operands.Weights.Span, n, k, guarding.Tiles);
        var faults = Plans.Draw(operands.Shape, faultRate);
        _product = quantises ? device.Quantised(Widened(operands.Activations.Span), sbyte.MaxValue, _weights, faults) : device.Int8(new GemmCall(operands.Activations.Span, m, k, _weights), faults);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public void Run() => _product.Run();

    /// <inheritdoc/>
    public void Repeat(int times) => _product.Run(times);

    /// <inheritdoc/>
    public ReadOnlySpan<int> Row(int row)
    {
        if (row == 0)
            _product.Read(_output);
        return _output.Row(row);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _product.Dispose();
        _weights.Dispose();
        _output.Dispose();
    }

    private static float[] Widened(ReadOnlySpan<sbyte> codes)
    {
        var values = new float[codes.Length];
        for (var i = 0; i < codes.Length; i++)
            values[i] = codes[i];
        return values;
    }
}

/// <summary>An fp32 product on a device.</summary>
internal sealed class DeviceFp32Product(IDeviceProducts device, Operands<float> operands, Guarding guarding, double faultRate) : DeviceFloats(
    $"Drift on {device.Name}, {guarding.Name}",
    device.Float(operands.Activations.Span, operands.Weights.Span, operands.Shape, guarding.Tiles.Edge, Plans.Draw(operands.Shape, faultRate)));

/// <summary>A product on a device whose results are fp32.</summary>
/// <param name="name">As tables have it.</param>
/// <param name="product">The product, disposed with this.</param>
internal class DeviceFloats(string name, IDeviceProduct<FloatOutput> product) : IProduct<float>
{
    private readonly FloatOutput _output = new();

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public void Run() => product.Run();

    /// <inheritdoc/>
    public void Repeat(int times) => product.Run(times);

    /// <inheritdoc/>
    public ReadOnlySpan<float> Row(int row)
    {
        if (row == 0)
            product.Read(_output);
        return _output.Row(row);
    }

    /// <inheritdoc/>
    public void Dispose() => product.Dispose();
}

/// <summary>Our fp32 on the same device as the rival of our INT8: of the same values, whose sums stay below 2^24, so it is exact too.</summary>
internal sealed class DeviceFp32OfInt8(IDeviceProducts device) : IRival<sbyte, int>
{
    /// <inheritdoc/>
    public string Name => $"Drift fp32 on {device.Name}";

    /// <inheritdoc/>
    public string? Missing() => null;

    /// <inheritdoc/>
    public IProduct<int> Open(Operands<sbyte> operands, int threads) => new Product(device, operands, Name);

    private sealed class Product : IProduct<int>
    {
        private readonly Operands<float> _operands;
        private readonly DeviceFp32Product _product;
        private readonly int[] _row;

        public Product(IDeviceProducts device, Operands<sbyte> operands, string name)
        {
            (Name, _operands, _row) = (name, new(operands.Shape), new int[operands.Shape.N]);
            Widen(operands.Activations.Span, _operands.Activations.Span);
            Widen(operands.Weights.Span, _operands.Weights.Span);
            _product = new(device, _operands, Guarding.None, 0);
        }

        public string Name { get; }

        public void Run() => _product.Run();

        public void Repeat(int times) => _product.Repeat(times);

        public ReadOnlySpan<int> Row(int row)
        {
            var values = _product.Row(row);
            for (var j = 0; j < _row.Length; j++)
                _row[j] = (int)values[j];
            return _row;
        }

        public void Dispose()
        {
            _product.Dispose();
            _operands.Dispose();
        }

        private static void Widen(ReadOnlySpan<sbyte> from, Span<float> to)
        {
            for (var i = 0; i < from.Length; i++)
                to[i] = from[i];
        }
    }
}

/// <summary>Our INT8 on the host, on all its threads, as the rival of a device's.</summary>
internal sealed class HostInt8 : IRival<sbyte, int>
{
    /// <inheritdoc/>
    public string Name => "Drift on host";

    /// <inheritdoc/>
    public string? Missing() => null;

    /// <inheritdoc/>
    public IProduct<int> Open(Operands<sbyte> operands, int threads) => new OurInt8Product(operands, threads, Guarding.None);
}

/// <summary>Our fp32 on the host, on all its threads, as the rival of a device's.</summary>
internal sealed class HostFp32 : IRival<float, float>
{
    /// <inheritdoc/>
    public string Name => "Drift on host";

    /// <inheritdoc/>
    public string? Missing() => null;

    /// <inheritdoc/>
    public IProduct<float> Open(Operands<float> operands, int threads) => new OurFloatProduct(operands, threads, Guarding.None);
}
