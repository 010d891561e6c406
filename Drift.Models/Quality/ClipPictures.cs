using Drift.Kernels;

namespace Drift.Models;

/// <summary>Pictures as a CLIP was trained to see them, by its folder's preprocessor_config.json: the shorter edge resized, the middle cut out, values normalised.</summary>
public sealed class ClipPictures
{
    private const string SettingsFile = "preprocessor_config.json";

    private readonly int _edge;
    private readonly int? _resized;
    private readonly double[] _mean, _deviation;

    private ClipPictures(ModelConfig config, int edge)
    {
        _edge = edge;
        _resized = config.Flag("do_resize", true) ? Edge(config, "size", "shortest_edge") : null;
        if (config.Flag("do_center_crop", true) && Edge(config, "crop_size", "height") is var crop && crop != edge)
            throw config.Refuse("crop_size", $"{crop}", $"image_size {edge} of config.json");
        var normalised = config.Flag("do_normalize", true);
        _mean = normalised ? config.Numbers("image_mean", [0.48145466, 0.4578275, 0.40821073]) : [0, 0, 0];
        _deviation = normalised ? config.Numbers("image_std", [0.26862954, 0.26130258, 0.27577711]) : [1, 1, 1];
        if (_mean.Length != 3 || _deviation.Length != 3 || _deviation.Any(deviation => deviation <= 0))
            throw config.Refuse("image_mean", $"[{string.Join(", ", _mean)}] with image_std [{string.Join(", ", _deviation)}]", "three numbers each, deviations above 0");
    }

    /// <summary>Reads a folder's settings.</summary>
    /// <param name="folder">A CLIP as transformers saves it.</param>
    /// <param name="edge">Height and width that the network takes.</param>
    /// <exception cref="ModelFormatException">There are none, or they make no sense.</exception>
    public static ClipPictures Load(string folder, int edge) => new(ModelConfig.Read(Path.Combine(folder, SettingsFile)), edge);

    /// <summary>Pictures as the network's input.</summary>
    /// <param name="pictures">Pictures of any sizes, grey or RGB; at least one.</param>
    /// <returns>[pictures, 3, edge, edge].</returns>
    /// <exception cref="ArgumentException">A picture is smaller than the network takes, and the folder resizes none.</exception>
    public Tensor Prepare(IReadOnlyList<Picture> pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        var pixels = new Tensor(pictures.Count, 3, _edge, _edge);
        for (var i = 0; i < pictures.Count; i++)
            Prepare(Resized(pictures[i]), pixels.Slice(i, 1).Span);
        return pixels;
    }

    private Picture Resized(Picture picture)
    {
        var shorter = Math.Min(picture.Height, picture.Width);
        return _resized is { } edge && edge != shorter
            ? BicubicResize.Apply(picture, (int)((long)picture.Height * edge / shorter), (int)((long)picture.Width * edge / shorter))
            : picture;
    }

    private void Prepare(Picture picture, Span<float> target)
    {
        if (picture.Height < _edge || picture.Width < _edge)
            throw new ArgumentException($"a picture of {picture.Height} x {picture.Width} is smaller than {_edge} x {_edge}", nameof(picture));
        var (top, left) = ((picture.Height - _edge) / 2, (picture.Width - _edge) / 2);
        for (var at = 0; at < target.Length; at++)
        {
            var (plane, pixel) = Math.DivRem(at, _edge * _edge);
            var source = ((top + pixel / _edge) * picture.Width + left + pixel % _edge) * picture.Channels;
            var level = picture.Pixels[source + (picture.Channels == 1 ? 0 : plane)] / (float)byte.MaxValue;
            target[at] = (float)((level - _mean[plane]) / _deviation[plane]);
        }
    }

    /// <summary>An extent stands alone or by name.</summary>
    private int Edge(ModelConfig config, string name, string part) => config.HasSection(name) ? config.Section(name).Integer(part, _edge) : config.Integer(name, _edge);
}
