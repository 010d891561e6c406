using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// A controlled experiment on dynamic range: large transformers have channels far above the rest, small ones have not. Rows of the value projection times F and the
/// matching columns of the output projection divided by F leave the network's function as it is, exactly for a power of two, and give its tensors such channels.
/// </summary>
public static class OutlierChannels
{
    /// <summary>The share of value channels: 4 of 128.</summary>
    public const double Share = 4.0 / 128;

    /// <summary>Rescales the blocks of a denoiser that nothing has drawn with yet: weights are packed on first use.</summary>
    /// <param name="layers">Its layers.</param>
    /// <param name="factor">F, above 0; a power of two loses nothing.</param>
    /// <param name="share">Share of each block's value channels, 0..1; at least one channel.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is not above 0, or the share not 0..1.</exception>
    public static void Insert(IReadOnlyList<LinearLayer> layers, double factor, double share = Share)
    {
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(factor);
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        foreach (var value in layers.Where(layer => layer.Key.Role == GemmRole.Value))
        {
            var output = layers.Single(layer => layer.Key == value.Key with { Role = GemmRole.Output });
            var channels = Math.Max(1, (int)Math.Round(value.N * share));
            // Spread over the heads.
            for (var i = 0; i < channels; i++)
                Rescale(value, output, i * value.N / channels, (float)factor);
        }
    }

    private static void Rescale(LinearLayer value, LinearLayer output, int channel, float factor)
    {
        foreach (ref var weight in value.EditWeight().AsSpan(channel * value.K, value.K))
            weight *= factor;
        if (value.Bias.Length > 0)
            value.Bias[channel] *= factor;
        var columns = output.EditWeight();
        for (var row = 0; row < output.N; row++)
            columns[row * output.K + channel] /= factor;
    }
}
