using Drift.Kernels;

namespace Drift.Models;

/// <summary>An 8-bit picture, grey or RGB. Immutable by convention: nobody writes the pixels of a picture that another holds.</summary>
public sealed class Picture
{
    /// <summary>Keeps the pixels.</summary>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    /// <param name="pixels">Height x width x channels values, row-major, channels of a pixel together.</param>
    /// <exception cref="ArgumentException">The extents are impossible or disagree with the number of values.</exception>
    public Picture(int height, int width, int channels, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (channels is not (1 or 3))
            throw new ArgumentException($"a picture has 1 or 3 channels, not {channels}", nameof(channels));
        if (pixels.Length != (long)height * width * channels)
            throw new ArgumentException($"{height} x {width} x {channels} pixels need {(long)height * width * channels} values, not {pixels.Length}", nameof(pixels));
        (Height, Width, Channels, Pixels) = (height, width, channels, pixels);
    }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; }

    /// <summary>Values [height, width, channels].</summary>
    public byte[] Pixels { get; }

    /// <summary>
    /// A picture from a decoder's output, rounded as diffusers does: x / 2 + 0.5 clamped to 0..1, times 255, ties to even. A value that is no number, as
    /// a ruined run can leave, becomes 0.
    /// </summary>
    /// <param name="image">[channels, height, width] in -1..1.</param>
    /// <exception cref="ArgumentException">The tensor is no picture of 1 or 3 channels.</exception>
    public static Picture From(Tensor image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Shape.Count != 3)
            throw new ArgumentException($"a picture is [channels, height, width], not [{string.Join(", ", image.Shape)}]", nameof(image));
        int channels = image.Shape[0], plane = image.Shape[1] * image.Shape[2];
        var pixels = new byte[image.Length];
        var values = image.Span;
        for (var c = 0; c < channels; c++)
        {
            for (var i = 0; i < plane; i++)
                pixels[i * channels + c] = Level(values[c * plane + i]);
        }

        return new Picture(image.Shape[1], image.Shape[2], channels, pixels);
    }

    private static byte Level(float value) =>
        float.IsNaN(value) ? (byte)0 : (byte)MathF.Round(Math.Clamp(value / 2 + 0.5f, 0f, 1f) * 255, MidpointRounding.ToEven);
}
