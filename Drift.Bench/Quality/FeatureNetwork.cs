using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A classifier whose view of pictures is compared.</summary>
internal sealed class FeatureNetwork
{
    private readonly ResNetClassifier _network;
    private readonly Workspace _workspace = new();

    private FeatureNetwork(string folder)
    {
        Folder = folder;
        _network = ResNetClassifier.Load(folder);
    }

    /// <summary>Where it lies.</summary>
    public string Folder { get; }

    /// <summary>The classifier of a folder.</summary>
    /// <param name="folder">As transformers saves it; null for the shipped one.</param>
    public static FeatureNetwork Load(string? folder) => new(folder ?? DataFolder.At("models", "fashion-features"));

    /// <summary>Whether it can read a picture: grey ones it always can.</summary>
    public bool Fits(Picture picture) => picture.Channels == 1 || picture.Channels == _network.Channels;

    /// <summary>How differently it sees two pictures, in LPIPS' form, with every channel of every stage at weight 1.</summary>
    public double Between(Picture a, Picture b) => FeatureDistance.ByLayer(Maps(a), Maps(b)).Sum();

    /// <summary>What it says about pictures, pooled over their pixels.</summary>
    /// <exception cref="UserErrorException">There are fewer than two pictures.</exception>
    public FeatureSet Pooled(string source, IReadOnlyList<Picture> pictures)
    {
        if (pictures.Count < 2)
            throw new UserErrorException($"quality: {source} has one picture; the distance of whole folders needs two");
        var values = pictures.SelectMany(picture => _network.Classify(Pixels(picture), new FloatUnit(), _workspace).Pooled.Span.ToArray());
        return new FeatureSet(pictures.Count, _network.Features, [.. values.Select(value => (double)value)]);
    }

    private IReadOnlyList<Tensor> Maps(Picture picture) => _network.Maps(Pixels(picture), new FloatUnit(), _workspace);

    private Tensor Pixels(Picture picture) => FeatureDistance.ToTensor(picture, _network.Channels);
}
