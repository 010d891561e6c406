using Drift.Kernels;

namespace Drift.Bench;

/// <summary>
/// Norms and activations against ONNX Runtime's operators, at DiT-XL/2's shapes, group norm at Stable Diffusion's. M is rows, N values of a row, K is 1; an operation is a
/// value.
/// </summary>
internal static class NormContests
{
    private const int Tokens = 256, Width = 1152, Heads = 16, Hidden = 4608, Groups = 32, Seed = 1;
    private const float Epsilon = 1e-6f, QuickSlope = 1.702f;

    /// <summary>All contests.</summary>
    public static IReadOnlyList<Contest> All() =>
    [
        Layer(Tokens, Width), Rms(Tokens, Width), Group(64, 320, Groups), Group(32, 640, Groups), Group(16, 1280, Groups), Soft(Heads * Tokens, Tokens),
        Unit("gelu tanh", Tokens, Hidden, "Gelu", (x, y, threads) => Gelu.Tanh(x, y, threads), ("approximate", "tanh")),
        Unit("gelu exact", Tokens, Hidden, "Gelu", (x, y, threads) => Gelu.Exact(x, y, threads), ("approximate", "none"), "THSTensor_gelu"),
        Unit("gelu quick", Tokens, Hidden, $"{OnnxGraph.Microsoft}:QuickGelu", (x, y, threads) => Gelu.Quick(x, y, threads), ("alpha", QuickSlope)),
        Unit("silu", Tokens, Hidden, $"{OnnxGraph.Microsoft}:QuickGelu", (x, y, threads) => Activation.Silu(x, y, threads), ("alpha", 1f), "THSTensor_silu"),
    ];

    /// <summary>Layer norm with a factor and an addend a column.</summary>
    public static Contest Layer(int rows, int width)
    {
        var (x, gain, offset) = (Noise(rows * width, Seed), Noise(width, Seed + 1), Noise(width, Seed + 2));
        return Rows("layer norm", rows, width, x, (x, y, threads) => LayerNorm.Affine(x, gain, offset, Epsilon, y, threads), () => new OnnxGraph()
            .Node("LayerNormalization", ["X", "G", "B"], OnnxContender.Output, ("axis", 1), ("epsilon", Epsilon))
            .Constant<float>("G", OnnxType.Float, gain, width).Constant<float>("B", OnnxType.Float, offset, width),
            (torch, operands) => torch.LayerNorm(operands[0], width, operands[1], operands[2], Epsilon), (gain, [width]), (offset, [width]));
    }

    /// <summary>Root-mean-square norm with a factor a column.</summary>
    public static Contest Rms(int rows, int width)
    {
        var (x, gain) = (Noise(rows * width, Seed), Noise(width, Seed + 1));
        return Rows("rms norm", rows, width, x, (x, y, threads) => RmsNorm.Apply(x, gain, Epsilon, y, threads), () => new OnnxGraph()
            .Node("SimplifiedLayerNormalization", ["X", "G"], OnnxContender.Output, ("axis", 1), ("epsilon", Epsilon)).Constant<float>("G", OnnxType.Float, gain, width));
    }

    /// <summary>Softmax of rows.</summary>
    public static Contest Soft(int rows, int width)
    {
        var x = Noise(rows * width, Seed);
        return Rows("softmax", rows, width, x, (x, y, threads) => Softmax.Rows(x, width, 1, y, threads), () => new OnnxGraph().Node("Softmax", ["X"], OnnxContender.Output, ("axis", 1)),
            (torch, operands) => torch.Softmax(operands[0]));
    }

    /// <summary>Group norm: ours with channels last; the rival as PyTorch exports it, planes through InstanceNormalization, its operator for whole groups.</summary>
    public static Contest Group(int edge, int channels, int groups)
    {
        var (pixels, count) = (edge * edge, edge * edge * channels);
        var (x, gain, offset) = (Noise(count, Seed), Noise(channels, Seed + 1), Noise(channels, Seed + 2));
        // On cache lines' boundaries, as the rivals' operands are.
        var memory = new Workspace();
        var (input, y) = (memory.Rent(1, edge, edge, channels), memory.Rent(1, edge, edge, channels));
        ChannelOrder.ToLast(new Tensor(x, 1, channels, edge, edge), input);
        double[] Planes()
        {
            var planes = new Tensor(1, channels, edge, edge);
            ChannelOrder.ToFirst(y, planes);
            return Doubles(planes.Span);
        }

        OnnxGraph Graph() => new OnnxGraph()
            .Node("Reshape", ["X", "S"], "grouped").Node("InstanceNormalization", ["grouped", "one", "zero"], "normal", ("epsilon", Epsilon))
            .Node("Reshape", ["normal", "T"], "planes").Node("Mul", ["planes", "G"], "scaled").Node("Add", ["scaled", "B"], OnnxContender.Output)
            .Constant<long>("S", OnnxType.Int64, [1, groups, count / groups], 3).Constant<long>("T", OnnxType.Int64, [1, channels, edge, edge], 4)
            .Constant<float>("one", OnnxType.Float, [.. Enumerable.Repeat(1f, groups)], groups).Constant<float>("zero", OnnxType.Float, new float[groups], groups)
            .Constant<float>("G", OnnxType.Float, gain, channels, 1, 1).Constant<float>("B", OnnxType.Float, offset, channels, 1, 1);
        return new Contest("group norm", "fp32", $"{edge} x {edge} x {channels}, {groups} groups", new GemmShape(pixels, channels, 1), count, "Gvalue/s", 1e-5)
        {
            Ours = [("none", threads => new OurContender("Drift", () => GroupNorm.Apply(input, groups, Epsilon, gain, offset, y, threads), Planes))],
            Rivals = [threads => new OnnxContender("ONNX Runtime InstanceNormalization", Graph(), [OnnxInput.Of<float>("X", OnnxType.Float, x, 1, channels, edge, edge)], OnnxType.Float, [1, channels, edge, edge], threads)],
            TorchRivals = [threads => new TorchContender("libtorch", threads, [(x, [1, channels, edge, edge]), (gain, [channels]), (offset, [channels])],
                (torch, operands) => torch.GroupNorm(operands[0], groups, operands[1], operands[2], Epsilon), count)],
        };
    }

    /// <summary>An activation, value by value.</summary>
    public static Contest Unit(string what, int rows, int width, string operation, Step run, (string, object) attribute, string? torchFunction = null) =>
        Rows(what, rows, width, Noise(rows * width, Seed), run, () => new OnnxGraph().Node(operation, ["X"], OnnxContender.Output, attribute),
            torchFunction is null ? null : (torch, operands) => torch.Unary(torchFunction, operands[0]));

    /// <summary>A kernel of ours from one memory to another.</summary>
    internal delegate void Step(ReadOnlySpan<float> x, Span<float> y, int threads);

    private static Contest Rows(string what, int rows, int width, float[] x, Step run, Func<OnnxGraph> graph, Func<TorchLibrary, nint[], nint>? torch = null,
        params (float[] Values, long[] Sizes)[] factors) => new(what, "fp32", $"{rows} x {width}", new GemmShape(rows, width, 1), (double)rows * width, "Gvalue/s", 1e-5)
        {
            Ours = [("none", threads => Ours(x, width, run, false, threads)), ("range guard", threads => Ours(x, width, run, true, threads))],
            Rivals = [threads => new OnnxContender("ONNX Runtime", graph(), [OnnxInput.Of<float>("X", OnnxType.Float, x, rows, width)], OnnxType.Float, [rows, width], threads)],
            TorchRivals = torch is null ? [] : [threads => new TorchContender("libtorch", threads, [(x, [rows, width]), .. factors], torch, rows * width)],
        };

    // On cache lines' boundaries, as the rivals' operands are.
    private static OurContender Ours(float[] values, int width, Step run, bool guarded, int threads)
    {
        AlignedBuffer<float> x = new(values.Length), y = new(values.Length);
        values.CopyTo(x.Span);
        void Rows(int first, int end) => run(x.Span[(first * width)..(end * width)], y.Span[(first * width)..(end * width)], 1);
        return new OurContender("Drift", guarded ? () => RangeGuard.Watch(y.Span, width, "the result", threads, Rows) : () => run(x.Span, y.Span, threads), () => Doubles(y.Span), x, y);
    }

    private static double[] Doubles(ReadOnlySpan<float> values)
    {
        var doubles = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
            doubles[i] = values[i];
        return doubles;
    }

    private static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 4 - 2)];
    }
}
