using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// How differently a network sees two pictures, in the form of LPIPS (Zhang et al., 2018): at each layer every pixel's features are scaled to length 1, their squared
/// differences summed over channels and averaged over pixels; layers are summed. It is LPIPS only with LPIPS' own network and weights: see <see cref="Lpips"/>.
/// </summary>
public static class FeatureDistance
{
    /// <summary>Keeps the length of a pixel without features above 0, as in the lpips package.</summary>
    private const double Epsilon = 1e-10;

    /// <summary>The share of each layer; their sum is the distance.</summary>
    /// <param name="a">Features of a picture by layer, each [1, height, width, channels].</param>
    /// <param name="b">Those of another of the same size.</param>
    /// <param name="weights">A weight for each channel of each layer; null for 1 everywhere.</param>
    /// <exception cref="ArgumentException">The layers or their shapes differ, or weights are not as many as a layer's channels.</exception>
    public static double[] ByLayer(IReadOnlyList<Tensor> a, IReadOnlyList<Tensor> b, IReadOnlyList<float[]>? weights = null)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Count != b.Count || (weights is not null && weights.Count != a.Count))
            throw new ArgumentException($"features of {a.Count} layers need as many beside them, not {b.Count}, and as many weights or none, not {weights?.Count ?? 0}", nameof(b));
        for (var layer = 0; layer < a.Count; layer++)
        {
            if (!a[layer].Shape.SequenceEqual(b[layer].Shape))
                throw new ArgumentException($"features of [{string.Join(", ", a[layer].Shape)}] and [{string.Join(", ", b[layer].Shape)}] have no distance", nameof(b));
            if (weights is not null && weights[layer].Length != a[layer].Columns)
                throw new ArgumentException($"{weights[layer].Length} weights do not fit the {a[layer].Columns} channels of layer {layer}", nameof(weights));
        }

        return [.. a.Select((map, layer) => OfLayer(map, b[layer], weights?[layer] ?? []))];
    }

    /// <summary>A picture as networks read it: [1, channels, height, width] in -1..1; a grey one fills all channels.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="channels">Channels of the network.</param>
    /// <exception cref="ArgumentException">The picture has colours and the network reads other channels.</exception>
    public static Tensor ToTensor(Picture picture, int channels)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (picture.Channels != channels && picture.Channels != 1)
            throw new ArgumentException($"a picture of {picture.Channels} channels is not one of {channels}", nameof(picture));
        var tensor = new Tensor(1, channels, picture.Height, picture.Width);
        var plane = picture.Height * picture.Width;
        for (var i = 0; i < tensor.Length; i++)
            tensor.Span[i] = picture.Pixels[i % plane * picture.Channels + (picture.Channels == 1 ? 0 : i / plane)] / 127.5f - 1;
        return tensor;
    }

    private static double OfLayer(Tensor a, Tensor b, ReadOnlySpan<float> weights)
    {
        var channels = a.Columns;
        double total = 0;
        for (var pixel = 0; pixel < a.Rows; pixel++)
        {
            ReadOnlySpan<float> x = a.Span.Slice(pixel * channels, channels), y = b.Span.Slice(pixel * channels, channels);
            double lengthX = Length(x), lengthY = Length(y);
            for (var c = 0; c < channels; c++)
            {
                var difference = x[c] / lengthX - y[c] / lengthY;
                total += (weights.IsEmpty ? 1 : weights[c]) * difference * difference;
            }
        }

        return total / a.Rows;
    }

    private static double Length(ReadOnlySpan<float> features)
    {
        double sum = 0;
        foreach (double value in features)
            sum += value * value;
        return Math.Sqrt(sum) + Epsilon;
    }
}
