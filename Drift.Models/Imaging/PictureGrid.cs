using SkiaSharp;

namespace Drift.Models;

/// <summary>One row of a grid.</summary>
/// <param name="Label">What was run.</param>
/// <param name="Pictures">One picture a column.</param>
public sealed record PictureRow(string Label, IReadOnlyList<Picture> Pictures);

/// <summary>
/// Draws pictures as a labelled table: one row a configuration, one column a seed. Pictures are enlarged pixel by pixel. The labels' font travels with this
/// library, so a machine without fonts draws the same pixels.
/// </summary>
public static class PictureGrid
{
    private const float TextSize = 11;
    private const int Gap = 4;
    private const int LineHeight = 14;

    /// <summary>Read once: Skia's cache of glyphs keeps every typeface that it has drawn, so one for each grid would grow the process by the font's size each time.</summary>
    private static readonly Lazy<SKTypeface> Typeface = new(LoadTypeface);

    /// <summary>Draws the grid on white.</summary>
    /// <param name="columns">A label a column; line breaks allowed.</param>
    /// <param name="rows">Labels and pictures; line breaks allowed. All pictures have one size.</param>
    /// <param name="scale">Edge of the square that a pixel becomes, at least 1.</param>
    /// <exception cref="ArgumentException">No picture, or a row with another number of pictures than there are columns, or of another size.</exception>
    public static Picture Draw(IReadOnlyList<string> columns, IReadOnlyList<PictureRow> rows, int scale)
    {
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 1);
        var (height, width) = SizeOf(columns, rows, scale);
        using var font = new SKFont(Typeface.Value, TextSize) { Edging = SKFontEdging.Antialias, Hinting = SKFontHinting.None };
        using var paint = new SKPaint { Color = SKColors.Black, IsAntialias = true };

        var left = Gap + (int)MathF.Ceiling(rows.Max(row => TextWidth(row.Label, font))) + Gap;
        var top = Gap + columns.Max(Lines) * LineHeight + Gap;
        var pitch = Math.Max(width, (int)MathF.Ceiling(columns.Max(label => TextWidth(label, font)))) + Gap;
        using var bitmap = new SKBitmap(new SKImageInfo(left + columns.Count * pitch, top + rows.Count * (height + Gap), SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        for (var c = 0; c < columns.Count; c++)
            Write(canvas, columns[c], left + c * pitch, Gap, font, paint);
        for (var r = 0; r < rows.Count; r++)
        {
            var y = top + r * (height + Gap);
            Write(canvas, rows[r].Label, Gap, y + Math.Max(0, (height - Lines(rows[r].Label) * LineHeight) / 2), font, paint);
            for (var c = 0; c < columns.Count; c++)
            {
                using var cell = SkiaPictures.ToBitmap(rows[r].Pictures[c]);
                using var image = SKImage.FromBitmap(cell);
                canvas.DrawImage(image, SKRect.Create(left + c * pitch, y, width, height), new SKSamplingOptions(SKFilterMode.Nearest));
            }
        }

        canvas.Flush();
        return SkiaPictures.FromBitmap(bitmap);
    }

    private static (int Height, int Width) SizeOf(IReadOnlyList<string> columns, IReadOnlyList<PictureRow> rows, int scale)
    {
        if (columns.Count == 0 || rows.Count == 0)
            throw new ArgumentException("a grid needs at least one row and one column", nameof(rows));
        foreach (var row in rows)
        {
            if (row.Pictures.Count != columns.Count)
                throw new ArgumentException($"row '{row.Label}' has {row.Pictures.Count} pictures for {columns.Count} columns", nameof(rows));
        }

        var first = rows[0].Pictures[0];
        if (rows.Any(row => row.Pictures.Any(picture => (picture.Height, picture.Width) != (first.Height, first.Width))))
            throw new ArgumentException($"all pictures of a grid have one size; the first is {first.Height} x {first.Width}", nameof(rows));
        return (first.Height * scale, first.Width * scale);
    }

    private static SKTypeface LoadTypeface()
    {
        const string name = "Drift.Models.Imaging.DejaVuSansMono.ttf";
        using var stream = typeof(PictureGrid).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the assembly lacks its font {name}");
        using var data = SKData.Create(stream);
        return SKTypeface.FromData(data);
    }

    private static int Lines(string label) => label.Split('\n').Length;

    private static float TextWidth(string label, SKFont font) => label.Split('\n').Max(line => font.MeasureText(line));

    private static void Write(SKCanvas canvas, string label, int x, int y, SKFont font, SKPaint paint)
    {
        foreach (var line in label.Split('\n'))
        {
            y += LineHeight;
            canvas.DrawText(line, x, y - Gap + 1, font, paint);
        }
    }
}
