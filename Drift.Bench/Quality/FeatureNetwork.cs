using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A network whose view of pictures is compared: a classifier, or the vision tower of a CLIP.</summary>
internal sealed class FeatureNetwork
{
    private const string Clip = "CLIPModel";
    private readonly ResNetClassifier? _classifier;
    private readonly ClipFeatures? _clip;
    private readonly Workspace _workspace = new();

    private FeatureNetwork(string folder)
    {
        Folder = folder;
        if (ModelConfig.Read(Path.Combine(folder, "config.json")).ClassName == Clip)
            _clip = ClipFeatures.Load(folder);
        else
            _classifier = ResNetClassifier.Load(folder);
    }

    /// <summary>Where it lies.</summary>
    public string Folder { get; }

    /// <summary>The network of a folder.</summary>
    /// <param name="folder">A classifier or a CLIP as transformers saves it; null for the shipped classifier.</param>
    public static FeatureNetwork Load(string? folder) => new(folder ?? DataFolder.At("models", "fashion-features"));

    /// <summary>The shipped one for some pictures: the classifier of grey ones, the CLIP of emoji for colours.</summary>
    /// <param name="like">One of the pictures.</param>
    public static FeatureNetwork Shipped(Picture like) => Load(like.Channels == 1 ? null : DataFolder.At("models", "clip-emoji"));

    /// <summary>Whether it can read a picture: grey ones it always can, and a CLIP all.</summary>
    public bool Fits(Picture picture) => picture.Channels == 1 || _classifier is null || picture.Channels == _classifier.Channels;

    /// <summary>How differently it sees two pictures, in LPIPS' form, with every channel of every stage at weight 1.</summary>
    public double Between(Picture a, Picture b) => _clip?.Between(a, b) ?? FeatureDistance.ByLayer(Maps(a), Maps(b)).Sum();

    /// <summary>What it says about pictures, pooled over their pixels.</summary>
    /// <exception cref="UserErrorException">There are fewer than two pictures.</exception>
    public FeatureSet Pooled(string source, IReadOnlyList<Picture> pictures)
    {
        if (pictures.Count < 2)
            throw new UserErrorException($"quality: {source} has one picture; the distance of whole folders needs two");
        if (_clip is not null)
            return new FeatureSet(pictures.Count, _clip.Dimensions, [.. _clip.Embed(pictures).Span.ToArray().Select(value => (double)value)]);
        var values = pictures.SelectMany(picture => _classifier!.Classify(Pixels(picture), new FloatUnit(), _workspace).Pooled.Span.ToArray());
        return new FeatureSet(pictures.Count, _classifier!.Features, [.. values.Select(value => (double)value)]);
    }

    private IReadOnlyList<Tensor> Maps(Picture picture) => _classifier!.Maps(Pixels(picture), new FloatUnit(), _workspace);

    private Tensor Pixels(Picture picture) => FeatureDistance.ToTensor(picture, _classifier!.Channels);
}
