using Drift.Models;

namespace Drift.Bench;

/// <summary>Measures how far pictures are from others.</summary>
internal sealed class QualityRun
{
    private const string FeatureEnding = ".safetensors";
    private readonly QualityOptions _options;
    private readonly Lpips? _lpips;
    private FeatureNetwork? _network;
    private readonly SkiaPictures _codec = new SkiaPictures();

    private QualityRun(QualityOptions options)
    {
        _options = options;
        _lpips = options.Lpips.Count > 0 ? Lpips.Load(options.Lpips) : null;
        _network = options.Features is { } folder ? FeatureNetwork.Load(folder) : null;
    }

    /// <summary>Runs it.</summary>
    /// <param name="options">All settings.</param>
    /// <param name="session">Where it writes and what stops it.</param>
    /// <returns>The exit code.</returns>
    public static int Run(QualityOptions options, Session session)
    {
        using var json = options.Json is { } path ? new OutputFile("--json", path) : null;
        var result = AreFeatures(options) ? new QualityResult(options.ToSettings(), null, [], null, OfFeatures(options)) : new QualityRun(options).OfPictures(session);
        QualityTable.Print(session.Out, result);
        json?.Commit(ResultJson.Write(result));
        return ErrorPolicy.Success;
    }

    private static bool AreFeatures(QualityOptions options) =>
        new[] { options.A, options.B }.All(path => path.EndsWith(FeatureEnding, StringComparison.OrdinalIgnoreCase) && !PicturePairs.IsFolder(path));

    private static SetDistances OfFeatures(QualityOptions options)
    {
        FeatureSet a = Features(options.A), b = Features(options.B);
        if (a.Dimensions != b.Dimensions)
            throw new UserErrorException($"quality: {options.A} has features of {a.Dimensions} values and {options.B} of {b.Dimensions}; expected those of one network");
        return SetDistances.Of("the files", a, b);
    }

    private static FeatureSet Features(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Names.Count == 1 ? file.ReadFeatures(file.Names.Single())
            : throw new UserErrorException($"quality: {path} holds {file.Names.Count} tensors; expected one, [samples, dimensions]");
    }

    private QualityResult OfPictures(Session session)
    {
        var isFolder = PicturePairs.IsFolder(_options.A);
        if (_options.Unpaired && !(isFolder && PicturePairs.IsFolder(_options.B)))
            throw new UserErrorException("--unpaired: expected two folders");
        if (_options.Unpaired)
            return new QualityResult(_options.ToSettings(), null, [], null, Sets(Read(_options.A), Read(_options.B)));

        var rows = new List<QualityRow>();
        List<Picture> a = [], b = [];
        foreach (var pair in PicturePairs.Find(_options.A, _options.B))
        {
            session.Cancellation.ThrowIfCancellationRequested();
            a.Add(_codec.Read(pair.A));
            b.Add(_codec.Read(pair.B));
            rows.Add(Score(pair, a[^1], b[^1]));
        }

        var network = Network(a[0]);
        if (!a.All(network.Fits))
            session.Out.WriteLine($"No feature distance: {network.Folder} reads other channels; --features FOLDER takes a classifier or a CLIP for these pictures.");
        return new QualityResult(_options.ToSettings(), _lpips?.Network, rows, QualityMeans.Of(rows), a.Count > 1 && a.Concat(b).All(network.Fits) ? Sets(a, b) : null);
    }

    private List<Picture> Read(string folder)
    {
        var pictures = PicturePairs.In(folder).Select(name => _codec.Read(Path.Combine(folder, name))).ToList();
        return pictures.All(Network(pictures[0]).Fits) ? pictures
            : throw new UserErrorException($"quality: {Network(pictures[0]).Folder} reads other channels than the pictures in {folder} have; expected --features with a classifier for them");
    }

    /// <summary>Who sees the pictures: the network that was asked for, else the shipped one for the first of them.</summary>
    private FeatureNetwork Network(Picture picture) => _network ??= FeatureNetwork.Shipped(picture);

    private SetDistances Sets(List<Picture> a, List<Picture> b) => SetDistances.Of(Network(a[0]).Folder, Network(a[0]).Pooled(_options.A, a), Network(a[0]).Pooled(_options.B, b));

    private QualityRow Score(PicturePair pair, Picture a, Picture b)
    {
        if ((a.Height, a.Width, a.Channels) != (b.Height, b.Width, b.Channels))
            throw new UserErrorException($"quality: {pair.A} is {Form(a)} and {pair.B} is {Form(b)}; expected pictures of the same size and channels");
        var edge = Math.Min(a.Height, a.Width);
        if (edge < _lpips?.SmallestEdge)
            throw new UserErrorException($"--lpips: {pair.A} is {Form(a)}; expected pictures of at least {_lpips.SmallestEdge} pixels a side for {_lpips.Network}");
        var network = Network(a);
        if (_options.Features is not null && !network.Fits(a))
            throw new UserErrorException($"--features: {network.Folder} reads other channels than {pair.A}, which is {Form(a)}");
        return new QualityRow(pair.Name, Psnr.Between(a, b), edge < Ssim.SmallestEdge ? null : Ssim.Gaussian(a, b), edge < MsSsim.SmallestEdge ? null : MsSsim.Between(a, b),
            network.Fits(a) ? network.Between(a, b) : null, _lpips?.ByLayer(a, b).Sum());
    }

    private static string Form(Picture picture) => $"{picture.Height} x {picture.Width} with {Numerals.Count(picture.Channels, "channel")}";
}
