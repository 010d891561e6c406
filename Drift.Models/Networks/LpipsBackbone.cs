using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// The convolutions of torchvision's AlexNet or VGG16, up to the last map that LPIPS compares: each followed by ReLU, max pools between. Tensor names are
/// torchvision's (<c>features.N.weight</c>, <c>features.N.bias</c>). Immutable; one instance serves all threads.
/// </summary>
public sealed class LpipsBackbone
{
    /// <summary>Keeps these layers' keys clear of the denoiser's, the autoencoder's and the classifier's.</summary>
    private const int FirstIndex = 3000;

    private static readonly IReadOnlyList<Stage> Alex =
    [
        new(0, 64, 11, Stride: 4, Padding: 2), new(3, 192, 5, Padding: 2, Pool: 3), new(6, 384, 3, Pool: 3), new(8, 256, 3), new(10, 256, 3),
    ];

    private static readonly IReadOnlyList<Stage> Vgg16 =
    [
        new(0, 64, 3, Seen: false), new(2, 64, 3), new(5, 128, 3, Pool: 2, Seen: false), new(7, 128, 3),
        new(10, 256, 3, Pool: 2, Seen: false), new(12, 256, 3, Seen: false), new(14, 256, 3),
        new(17, 512, 3, Pool: 2, Seen: false), new(19, 512, 3, Seen: false), new(21, 512, 3),
        new(24, 512, 3, Pool: 2, Seen: false), new(26, 512, 3, Seen: false), new(28, 512, 3),
    ];

    private readonly IReadOnlyList<Stage> _stages;
    private readonly ConvolutionLayer[] _layers;

    private LpipsBackbone(string name, IReadOnlyList<Stage> stages, ReadTensor read)
    {
        (Name, _stages) = (name, stages);
        var channels = 3;
        _layers = [.. stages.Select(Layer)];

        ConvolutionLayer Layer(Stage stage, int index)
        {
            var weight = read($"features.{stage.Index}.weight", [stage.Channels, channels, stage.Kernel, stage.Kernel]);
            var layer = new ConvolutionLayer(new LayerKey(0, GemmRole.Convolution, FirstIndex + index), weight, read($"features.{stage.Index}.bias", [stage.Channels]),
                stage.Channels, channels, stage.Kernel, stage.Stride, stage.Padding);
            channels = stage.Channels;
            return layer;
        }
    }

    /// <summary>Hands out a tensor's values by its name, or says why not.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="shape">The shape that the network gives it.</param>
    public delegate float[] ReadTensor(string name, ReadOnlySpan<int> shape);

    /// <summary>The lpips package's name of the network: alex or vgg.</summary>
    public string Name { get; }

    /// <summary>Channels of the maps that are compared.</summary>
    public IReadOnlyList<int> Channels => [.. _stages.Where(stage => stage.Seen).Select(stage => stage.Channels)];

    /// <summary>Smallest height and width of a picture of which every map keeps a pixel.</summary>
    public int SmallestEdge => Name == "alex" ? 31 : 16;

    /// <summary>AlexNet.</summary>
    /// <param name="read">Hands out the weights.</param>
    public static LpipsBackbone AlexNet(ReadTensor read) => new("alex", Alex, read);

    /// <summary>VGG16, without batch norm.</summary>
    /// <param name="read">Hands out the weights.</param>
    public static LpipsBackbone Vgg(ReadTensor read) => new("vgg", Vgg16, read);

    /// <summary>The maps behind the ReLUs that LPIPS reads, the first first.</summary>
    /// <param name="pixels">[batch, 3, height, width], scaled as the network was trained; edges of at least <see cref="SmallestEdge"/>.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <returns>[batch, height, width, channels] of each, with memory of their own.</returns>
    /// <exception cref="ArgumentException">The pixels have another shape or are too few.</exception>
    public IReadOnlyList<Tensor> Maps(Tensor pixels, IGemmUnit gemm, Workspace workspace)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentNullException.ThrowIfNull(gemm);
        ArgumentNullException.ThrowIfNull(workspace);
        if (pixels.Shape.Count != 4 || pixels.Shape[1] != 3 || Math.Min(pixels.Shape[2], pixels.Shape[3]) < SmallestEdge)
            throw new ArgumentException($"[{string.Join(", ", pixels.Shape)}] is not [batch, 3, height, width] with edges of at least {SmallestEdge}", nameof(pixels));
        using var scope = workspace.Begin();
        var step = new StepContext(0, 0, workspace);
        var x = workspace.Rent(pixels.Shape[0], pixels.Shape[2], pixels.Shape[3], 3);
        ChannelOrder.ToLast(pixels, x);
        var maps = new List<Tensor>();
        foreach (var (stage, layer) in _stages.Zip(_layers))
        {
            if (stage.Pool > 0)
            {
                var pool = workspace.Rent(x.Shape[0], (x.Shape[1] - stage.Pool) / 2 + 1, (x.Shape[2] - stage.Pool) / 2 + 1, x.Columns);
                Resampling.MaxPool(x, pool, stage.Pool, padding: 0);
                x = pool;
            }

            var y = workspace.Rent(x.Shape[0], layer.Output(x.Shape[1]), layer.Output(x.Shape[2]), stage.Channels);
            gemm.Convolve(step, x, layer, y);
            Activation.Relu(y.Span);
            if (stage.Seen)
                maps.Add(y.Clone());
            x = y;
        }

        return maps;
    }

    /// <summary>A convolution with ReLU.</summary>
    /// <param name="Index">Its place in torchvision's <c>features</c>.</param>
    /// <param name="Channels">Filters.</param>
    /// <param name="Kernel">Edge of the window.</param>
    /// <param name="Stride">Step of the window.</param>
    /// <param name="Padding">Zeros around.</param>
    /// <param name="Pool">Edge of the max pool before it, of stride 2; 0 for none.</param>
    /// <param name="Seen">Whether LPIPS reads its result.</param>
    private sealed record Stage(int Index, int Channels, int Kernel, int Stride = 1, int Padding = 1, int Pool = 0, bool Seen = true);
}
