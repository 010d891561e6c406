using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// LPIPS (Zhang et al., 2018) version 0.1, as the lpips package computes it, on AlexNet or VGG16. The weights are the user's: torchvision's backbone and the lpips
/// package's linear layers, as safetensors (docs/quality.md says how to convert them).
/// </summary>
public sealed class Lpips
{
    private const int MostPrefixes = 2;
    private static readonly IReadOnlyList<float> Shift = [-0.030f, -0.088f, -0.188f], Scale = [0.458f, 0.448f, 0.450f];

    private readonly LpipsBackbone _backbone;
    private readonly float[][] _linear;

    /// <summary>Puts both parts together.</summary>
    /// <param name="backbone">The network.</param>
    /// <param name="linear">Hands out <c>NET.linI.model.1.weight</c>, [1, channels, 1, 1].</param>
    public Lpips(LpipsBackbone backbone, LpipsBackbone.ReadTensor linear)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(linear);
        _backbone = backbone;
        _linear = [.. backbone.Channels.Select((channels, i) => linear($"{backbone.Name}.lin{i}.model.1.weight", [1, channels, 1, 1]))];
    }

    /// <summary>The lpips package's name of the network: alex or vgg.</summary>
    public string Network => _backbone.Name;

    /// <summary>Smallest height and width of a picture.</summary>
    public int SmallestEdge => _backbone.SmallestEdge;

    /// <summary>Reads weights; which network it is, the first tensor's shape says.</summary>
    /// <param name="files">
    /// One file with all tensors, or the backbone's (<c>features.N.weight</c>, <c>features.N.bias</c>) and the linear layers' (<c>linI.model.1.weight</c>, with or
    /// without <c>alex.</c> or <c>vgg.</c> before it).
    /// </param>
    /// <exception cref="ModelFormatException">A file is missing or unsound, or lacks tensors.</exception>
    public static Lpips Load(params IReadOnlyList<string> files) => ModelWeights.Load(files, weights =>
    {
        const string first = "features.0.weight";
        var backbone = weights.Shape(first) switch
        {
            [64, 3, 11, 11] => LpipsBackbone.AlexNet(weights.Read),
            [64, 3, 3, 3] => LpipsBackbone.Vgg(weights.Read),
            null => throw new ModelFormatException($"{weights.Source}: there is no tensor '{first}'; expected torchvision's alexnet or vgg16"),
            var shape => throw new ModelFormatException(
                $"{weights.Source}: tensor '{first}' has shape [{string.Join(", ", shape)}]; expected alexnet's [64, 3, 11, 11] or vgg16's [64, 3, 3, 3]"),
        };
        return new Lpips(backbone, (name, shape) =>
        {
            var bare = name.Split('.', MostPrefixes)[1];
            return weights.Read(weights.Has(bare) ? bare : name, shape);
        });
    });

    /// <summary>The share of each layer; their sum is the distance, 0 for equal pictures.</summary>
    /// <param name="a">A picture; a grey one counts as three equal channels.</param>
    /// <param name="b">Another of the same size.</param>
    /// <exception cref="ArgumentException">Sizes or channels differ, or an edge is too short for the network.</exception>
    public double[] ByLayer(Picture a, Picture b)
    {
        Psnr.RequireSameForm(a, b);
        return FeatureDistance.ByLayer(Maps(a), Maps(b), _linear);
    }

    private IReadOnlyList<Tensor> Maps(Picture picture)
    {
        var pixels = FeatureDistance.ToTensor(picture, 3);
        var plane = picture.Height * picture.Width;
        for (var i = 0; i < pixels.Length; i++)
            pixels.Span[i] = (pixels.Span[i] - Shift[i / plane]) / Scale[i / plane];
        return _backbone.Maps(pixels, new FloatUnit(), new Workspace());
    }
}
