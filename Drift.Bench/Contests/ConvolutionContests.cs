using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Convolutions against ONNX Runtime's Conv and ConvInteger. M is output pixels, N filters, K values of a window.</summary>
internal static class ConvolutionContests
{
    private const int Seed = 1, Kernel = 3;

    /// <summary>The 3 x 3 convolutions of Stable Diffusion 1.5's UNet at 512 x 512, one picture.</summary>
    public static IReadOnlyList<(string Label, ConvolutionShape Shape)> StableDiffusion { get; } =
        [.. new[] { (64, 320), (32, 640), (16, 1280) }.Select(level => ($"{level.Item1} x {level.Item1} x {level.Item2}", Same(level.Item1, level.Item2, level.Item2)))];

    /// <summary>All contests.</summary>
    public static IReadOnlyList<Contest> All() =>
        [.. StableDiffusion.Select(layer => Int8(layer.Label, layer.Shape)), .. StableDiffusion.Select(layer => Float(layer.Label, layer.Shape)),
            .. StableDiffusion.Select(layer => Winograd(layer.Label, layer.Shape))];

    /// <summary>An INT8 contest. The rival takes unsigned activations: adding 128 and saying so by the zero point gives the same product as signed values do.</summary>
    public static Contest Int8(string label, ConvolutionShape shape)
    {
        var (x, w) = (Codes(shape.InputLength, Seed), Codes(shape.Filters * shape.GroupChannels * shape.Kernel * shape.Kernel, Seed + 1));
        return new Contest("conv", "int8", label, shape.Product, 2.0 * shape.Product.Macs * shape.Groups, "GOP/s", 0)
        {
            Ours = [.. new[] { Guarding.None }.Concat(Guarding.Checked).Select(guarding => (guarding.Name, (Func<int, IContender>)(threads => Ours(shape, x, w, guarding, threads))))],
            Rivals = [threads => Onnx(shape, x, w, threads)],
        };
    }

    /// <summary>A fp32 contest: ours with channels last, as our networks have them, and with planes, as the rival has them.</summary>
    public static Contest Float(string label, ConvolutionShape shape)
    {
        var (x, w, bias) = (Noise(shape.InputLength, Seed), Noise(shape.Filters * shape.GroupChannels * shape.Kernel * shape.Kernel, Seed + 1), Noise(shape.Filters, Seed + 2));
        return new Contest("conv", "fp32", label, shape.Product, 2.0 * shape.Product.Macs * shape.Groups, "GFLOP/s", 1e-4)
        {
            Ours =
            [
                ("none", threads => Ours(shape, x, w, bias, 0, threads)), ("none, planes", threads => Ours(shape with { Layout = ChannelLayout.First }, x, w, bias, 0, threads)),
                ("flat32", threads => Ours(shape, x, w, bias, 32, threads)), ("flat128", threads => Ours(shape, x, w, bias, 128, threads)), ("flat256", threads => Ours(shape, x, w, bias, 256, threads)),
            ],
            Rivals = [threads => Onnx(shape, x, w, bias, threads)],
            TorchRivals = shape is not { Stride: 1, Dilation: 1, Groups: 1, PaddingAfter: null } ? [] :
            [
                threads => new TorchContender("libtorch conv2d", threads,
                    [(x, [shape.Batch, shape.Channels, shape.Height, shape.Width]), (w, [shape.Filters, shape.GroupChannels, shape.Kernel, shape.Kernel]), (bias, [shape.Filters])],
                    (torch, operands) => torch.Convolution(operands[0], operands[1], operands[2], shape.Padding), shape.OutputLength),
            ],
        };
    }

    /// <summary>A fp32 contest of convolution with fewer products (<see cref="WinogradConvolution"/>); operations are counted as those of the definition, on either side.</summary>
    public static Contest Winograd(string label, ConvolutionShape shape)
    {
        var contest = Float(label, shape);
        var (x, w, bias) = (Noise(shape.InputLength, Seed), Noise(shape.Filters * shape.GroupChannels * shape.Kernel * shape.Kernel, Seed + 1), Noise(shape.Filters, Seed + 2));
        return contest with
        {
            What = "conv winograd",
            Ours = [("none", threads => Winograd(shape, x, w, bias, 0, threads)), ("flat32", threads => Winograd(shape, x, w, bias, 32, threads)), ("flat128", threads => Winograd(shape, x, w, bias, 128, threads))],
        };
    }

    private static OurContender Winograd(ConvolutionShape shape, float[] planes, float[] filters, float[] bias, int tile, int threads)
    {
        var packed = WinogradConvolution.Pack(shape, filters, tile);
        var (x, y) = (Turned(planes, shape.Batch, shape.Channels, shape.Height * shape.Width), new float[shape.OutputLength]);
        FloatChecks[]? checks = tile == 0 ? null : [.. packed.Select(_ => new FloatChecks())];
        return new OurContender("Drift", () => WinogradConvolution.Multiply(shape, x, packed, bias, y, threads, null, checks), () => InPlanes(shape, at => y[ReferenceConvolution.At(shape, at.Row, at.Filter)]));
    }

    private static OurContender Ours(ConvolutionShape shape, float[] planes, float[] filters, float[] bias, int tile, int threads)
    {
        var packed = FloatConvolution.Pack(shape, filters, tile);
        var x = shape.Layout == ChannelLayout.First ? planes : Turned(planes, shape.Batch, shape.Channels, shape.Height * shape.Width);
        var y = new float[shape.OutputLength];
        FloatChecks[]? checks = tile == 0 ? null : [.. packed.Select(_ => new FloatChecks())];
        return new OurContender("Drift", () => FloatConvolution.Multiply(shape, x, packed, bias, y, threads, null, checks), () => InPlanes(shape, at => y[ReferenceConvolution.At(shape, at.Row, at.Filter)]));
    }

    private static OurContender Ours(ConvolutionShape shape, sbyte[] planes, sbyte[] filters, Guarding guarding, int threads)
    {
        var backend = Backends.Open(Backends.Default, threads);
        var packed = Int8Convolution.Prepare(backend, shape, filters, guarding.Tiles);
        GemmOutput[] outputs = [.. packed.Select(_ => new GemmOutput())];
        var x = Turned(planes, shape.Batch, shape.Channels, shape.Height * shape.Width);
        return new OurContender("Drift", () => Int8Convolution.Multiply(backend, shape, x, packed, null, outputs),
            () => InPlanes(shape, at => outputs[at.Filter / shape.GroupFilters].Row(at.Row)[at.Filter % shape.GroupFilters]), [.. packed, .. outputs, backend]);
    }

    private static OnnxContender Onnx(ConvolutionShape shape, sbyte[] planes, sbyte[] filters, int threads)
    {
        const byte Zero = 128;
        var graph = new OnnxGraph().Node("ConvInteger", ["X", "W", "Z"], OnnxContender.Output, Geometry(shape))
            .Constant<sbyte>("W", OnnxType.Int8, filters, shape.Filters, shape.GroupChannels, shape.Kernel, shape.Kernel).Constant<byte>("Z", OnnxType.UInt8, [Zero]);
        byte[] unsigned = [.. planes.Select(value => (byte)(value + Zero))];
        return new OnnxContender("ONNX Runtime ConvInteger", graph, [OnnxInput.Of<byte>("X", OnnxType.UInt8, unsigned, shape.Batch, shape.Channels, shape.Height, shape.Width)],
            OnnxType.Int32, [shape.Batch, shape.Filters, shape.OutHeight, shape.OutWidth], threads);
    }

    private static OnnxContender Onnx(ConvolutionShape shape, float[] planes, float[] filters, float[] bias, int threads)
    {
        var graph = new OnnxGraph().Node("Conv", ["X", "W", "B"], OnnxContender.Output, Geometry(shape))
            .Constant<float>("W", OnnxType.Float, filters, shape.Filters, shape.GroupChannels, shape.Kernel, shape.Kernel).Constant<float>("B", OnnxType.Float, bias, shape.Filters);
        return new OnnxContender("ONNX Runtime Conv", graph, [OnnxInput.Of<float>("X", OnnxType.Float, planes, shape.Batch, shape.Channels, shape.Height, shape.Width)],
            OnnxType.Float, [shape.Batch, shape.Filters, shape.OutHeight, shape.OutWidth], threads);
    }

    private static (string Name, object Value)[] Geometry(ConvolutionShape shape)
    {
        var (before, after) = (shape.Padding, shape.PaddingAfter ?? shape.Padding);
        return
        [
            ("kernel_shape", new[] { shape.Kernel, shape.Kernel }), ("strides", new[] { shape.Stride, shape.Stride }), ("pads", new[] { before, before, after, after }),
            ("dilations", new[] { shape.Dilation, shape.Dilation }), ("group", shape.Groups),
        ];
    }

    private static ConvolutionShape Same(int edge, int channels, int filters) => new(1, edge, edge, channels, filters, Kernel) { Padding = Kernel / 2 };

    /// <summary>The output in the rival's order.</summary>
    private static double[] InPlanes(ConvolutionShape shape, Func<(int Row, int Filter), double> value)
    {
        var planes = shape with { Layout = ChannelLayout.First };
        var turned = new double[shape.OutputLength];
        for (var at = 0; at < turned.Length; at++)
            turned[ReferenceConvolution.At(planes, at / shape.Filters, at % shape.Filters)] = value((at / shape.Filters, at % shape.Filters));
        return turned;
    }

    private static T[] Turned<T>(T[] planes, int batch, int channels, int pixels)
    {
        var turned = new T[planes.Length];
        for (var at = 0; at < planes.Length; at++)
        {
            var (plane, pixel) = Math.DivRem(at, pixels);
            turned[(plane / channels * pixels + pixel) * channels + plane % channels] = planes[at];
        }

        return batch * channels * pixels == planes.Length ? turned : throw new ArgumentException($"{planes.Length} values are not {batch} x {channels} planes of {pixels}", nameof(planes));
    }

    private static sbyte[] Codes(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (sbyte)random.Next(-127, 128))];
    }

    private static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }
}
