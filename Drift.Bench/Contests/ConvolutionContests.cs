using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Convolutions against ONNX Runtime's Conv. M is output pixels, N filters, K values of a window.</summary>
internal static class ConvolutionContests
{
    private const int Seed = 1, Kernel = 3;

    /// <summary>The 3 x 3 convolutions of Stable Diffusion 1.5's UNet at 512 x 512, one picture.</summary>
    public static IReadOnlyList<(string Label, ConvolutionShape Shape)> StableDiffusion { get; } =
        [.. new[] { (64, 320), (32, 640), (16, 1280) }.Select(level => ($"{level.Item1} x {level.Item1} x {level.Item2}", Same(level.Item1, level.Item2, level.Item2)))];

    /// <summary>All contests.</summary>
    public static IReadOnlyList<Contest> All() => [.. StableDiffusion.Select(layer => Float(layer.Label, layer.Shape))];

    /// <summary>A fp32 contest: ours with channels last, as our networks have them, and with planes, as the rival has them.</summary>
    public static Contest Float(string label, ConvolutionShape shape)
    {
        var (x, w, bias) = (Noise(shape.InputLength, Seed), Noise(shape.Filters * shape.GroupChannels * shape.Kernel * shape.Kernel, Seed + 1), Noise(shape.Filters, Seed + 2));
        return new Contest("conv", "fp32", label, shape.Product, 2.0 * shape.Product.Macs * shape.Groups, "GFLOP/s", 1e-4)
        {
            Ours = [("none", threads => Ours(shape, x, w, bias, threads)), ("none, planes", threads => Ours(shape with { Layout = ChannelLayout.First }, x, w, bias, threads))],
            Rivals = [threads => Onnx(shape, x, w, bias, threads)],
        };
    }

    private static OurContender Ours(ConvolutionShape shape, float[] planes, float[] filters, float[] bias, int threads)
    {
        var packed = FloatConvolution.Pack(shape, filters);
        var x = shape.Layout == ChannelLayout.First ? planes : Turned(planes, shape.Batch, shape.Channels, shape.Height * shape.Width);
        var y = new float[shape.OutputLength];
        return new OurContender("Drift", () => FloatConvolution.Multiply(shape, x, packed, bias, y, threads), () => InPlanes(shape, y));
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
    private static double[] InPlanes(ConvolutionShape shape, float[] values)
    {
        var planes = shape with { Layout = ChannelLayout.First };
        var turned = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
            turned[ReferenceConvolution.At(planes, i / shape.Filters, i % shape.Filters)] = values[ReferenceConvolution.At(shape, i / shape.Filters, i % shape.Filters)];
        return turned;
    }

    private static float[] Turned(float[] planes, int batch, int channels, int pixels)
    {
        var (source, target) = (new Tensor(planes, batch, channels, 1, pixels), new Tensor(batch, 1, pixels, channels));
        ChannelOrder.ToLast(source, target);
        return target.Span.ToArray();
    }

    private static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }
}
