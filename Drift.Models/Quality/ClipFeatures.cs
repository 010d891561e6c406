using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// What a CLIP's vision tower makes of pictures: its values before each block and behind the last one, a token a patch, for <see cref="FeatureDistance"/>, and its embeddings. Immutable;
/// one instance serves all threads.
/// </summary>
public sealed class ClipFeatures
{
    private readonly ClipModel _network;
    private readonly ClipPictures _pictures;

    internal ClipFeatures(ClipModel network, ClipPictures pictures) => (_network, _pictures) = (network, pictures);

    /// <summary>Reads a CLIP with its picture settings.</summary>
    /// <param name="folder">A folder as transformers saves it.</param>
    /// <exception cref="ModelFormatException">A file is missing or unsound, or is of another network.</exception>
    public static ClipFeatures Load(string folder)
    {
        var network = ClipModel.Load(folder);
        return new ClipFeatures(network, ClipPictures.Load(folder, network.Edge));
    }

    /// <summary>Values of an embedding.</summary>
    public int Dimensions => _network.Dimensions;

    /// <summary>The distance of two pictures, which is not LPIPS.</summary>
    /// <param name="a">A picture.</param>
    /// <param name="b">Another.</param>
    /// <exception cref="ArgumentException">A picture is smaller than the network takes, and the folder resizes none.</exception>
    public double Between(Picture a, Picture b) => FeatureDistance.ByLayer(Maps(a), Maps(b)).Sum();

    /// <summary>Embeddings of pictures, [pictures, dimensions], each of length 1.</summary>
    /// <param name="pictures">At least one.</param>
    /// <exception cref="ArgumentException">A picture is smaller than the network takes, and the folder resizes none.</exception>
    public Tensor Embed(IReadOnlyList<Picture> pictures) => _network.EmbedPictures(_pictures.Prepare(pictures), new FloatUnit(), new Workspace());

    private List<Tensor> Maps(Picture picture)
    {
        var maps = new List<Tensor>();
        _network.EmbedPictures(_pictures.Prepare([picture]), new FloatUnit(), new Workspace(), (_, map) => maps.Add(map.Clone()));
        return maps;
    }
}
