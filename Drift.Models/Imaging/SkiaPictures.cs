using System.Runtime.InteropServices;
using SkiaSharp;

namespace Drift.Models;

/// <summary>PNG by SkiaSharp. Skia's encoder writes no time and no tool name, so the same pixels give the same bytes.</summary>
public sealed class SkiaPictures : IPictureCodec
{
    /// <inheritdoc/>
    public byte[] Encode(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        using var bitmap = ToBitmap(picture);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <inheritdoc/>
    public Picture Read(string path)
    {
        using var data = SKData.CreateCopy(File.ReadAllBytes(path));
        using var codec = SKCodec.Create(data) ?? throw new IOException($"{path}: expected a PNG picture");
        var grey = codec.Info.ColorType == SKColorType.Gray8;
        // Without a target colour space Skia hands out the stored values, unconverted.
        using var bitmap = new SKBitmap(new SKImageInfo(codec.Info.Width, codec.Info.Height, grey ? SKColorType.Gray8 : SKColorType.Rgba8888,
            grey ? SKAlphaType.Opaque : SKAlphaType.Unpremul));
        if (codec.GetPixels(bitmap.Info, bitmap.GetPixels()) != SKCodecResult.Success)
            throw new IOException($"{path}: expected a whole PNG picture; it is damaged or cut short");
        return FromBitmap(bitmap);
    }

    /// <summary>A bitmap with memory of its own.</summary>
    internal static SKBitmap ToBitmap(Picture picture)
    {
        var grey = picture.Channels == 1;
        var bitmap = new SKBitmap(new SKImageInfo(picture.Width, picture.Height, grey ? SKColorType.Gray8 : SKColorType.Rgba8888, SKAlphaType.Opaque));
        var line = new byte[bitmap.RowBytes];
        for (var y = 0; y < picture.Height; y++)
        {
            var source = picture.Pixels.AsSpan(y * picture.Width * picture.Channels, picture.Width * picture.Channels);
            if (grey)
                source.CopyTo(line);
            for (var x = 0; !grey && x < picture.Width; x++)
            {
                source.Slice(x * 3, 3).CopyTo(line.AsSpan(x * 4));
                line[x * 4 + 3] = byte.MaxValue;
            }

            Marshal.Copy(line, 0, bitmap.GetPixels() + y * bitmap.RowBytes, line.Length);
        }

        return bitmap;
    }

    /// <summary>A picture from a grey or RGBA bitmap.</summary>
    internal static Picture FromBitmap(SKBitmap bitmap)
    {
        int step = bitmap.BytesPerPixel, channels = step == 1 ? 1 : 3;
        var pixels = new byte[bitmap.Height * bitmap.Width * channels];
        var line = new byte[bitmap.RowBytes];
        for (var y = 0; y < bitmap.Height; y++)
        {
            Marshal.Copy(bitmap.GetPixels() + y * bitmap.RowBytes, line, 0, line.Length);
            for (var x = 0; x < bitmap.Width; x++)
                line.AsSpan(x * step, channels).CopyTo(pixels.AsSpan((y * bitmap.Width + x) * channels));
        }

        return new Picture(bitmap.Height, bitmap.Width, channels, pixels);
    }
}
