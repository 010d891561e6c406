using Drift.Kernels;

namespace Drift.Models;

/// <summary>Pictures [samples, channels, height, width] to tokens of square patches, and back.</summary>
internal static class Patches
{
    /// <summary>Tokens [samples, rows x columns, channels x patch x patch], a patch in the order (channel, row, column) of a convolution's weights.</summary>
    public static void Gather(Tensor pictures, int patch, Tensor tokens)
    {
        foreach (var (pixel, sample, channel, row, column, token) in Walk(pictures, patch))
            tokens.Span[token * tokens.Columns + (channel * patch + row) * patch + column] = pictures.Span[pixel];
    }

    /// <summary>Pictures from tokens [samples, rows x columns, patch x patch x channels], a patch in the order (row, column, channel).</summary>
    public static void Scatter(Tensor tokens, int patch, Tensor pictures)
    {
        var channels = pictures.Shape[1];
        foreach (var (pixel, sample, channel, row, column, token) in Walk(pictures, patch))
            pictures.Span[pixel] = tokens.Span[token * tokens.Columns + (row * patch + column) * channels + channel];
    }

    /// <summary>Every pixel: its index, its sample and channel, its place in its patch, and its token counted over all samples.</summary>
    private static IEnumerable<(int Pixel, int Sample, int Channel, int Row, int Column, int Token)> Walk(Tensor pictures, int patch)
    {
        int channels = pictures.Shape[1], height = pictures.Shape[2], width = pictures.Shape[3];
        var tokensAcross = width / patch;
        var tokens = height / patch * tokensAcross;
        for (var pixel = 0; pixel < pictures.Length; pixel++)
        {
            var (line, x) = Math.DivRem(pixel, width);
            var (plane, y) = Math.DivRem(line, height);
            var (sample, channel) = Math.DivRem(plane, channels);
            yield return (pixel, sample, channel, y % patch, x % patch, sample * tokens + y / patch * tokensAcross + x / patch);
        }
    }
}
