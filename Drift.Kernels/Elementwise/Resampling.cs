using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Fewer or more pixels, over [batch, height, width, channels].</summary>
public static class Resampling
{
    /// <summary>Twice the height and width; every pixel becomes four. A last row or column may be left out.</summary>
    /// <param name="x">[batch, height, width, channels].</param>
    /// <param name="y">[batch, 2 height or 1 less, 2 width or 1 less, channels], overwritten.</param>
    /// <exception cref="ArgumentException">The output has another shape.</exception>
    public static void Double(Tensor x, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var (height, width, channels) = (y.Shape[1], y.Shape[2], x.Columns);
        if (y.Shape[0] != x.Shape[0] || y.Columns != channels || (height + 1) / 2 != x.Shape[1] || (width + 1) / 2 != x.Shape[2])
            throw new ArgumentException($"[{string.Join(", ", x.Shape)}] doubled is not [{string.Join(", ", y.Shape)}]", nameof(y));
        var line = width * channels;
        for (var row = 0; row < y.Shape[0] * height; row++)
        {
            var (image, i) = Math.DivRem(row, height);
            var target = y.Span.Slice(row * line, line);
            if (i % 2 == 1)
            {
                y.Span.Slice((row - 1) * line, line).CopyTo(target);
                continue;
            }

            var source = x.Span.Slice((image * x.Shape[1] + i / 2) * x.Shape[2] * channels, x.Shape[2] * channels);
            for (var column = 0; column < width; column++)
                source.Slice(column / 2 * channels, channels).CopyTo(target[(column * channels)..]);
        }
    }

    /// <summary>The largest value of each channel in every second window, what hangs over the border left out: PyTorch's MaxPool2d(kernel, 2, padding).</summary>
    /// <param name="x">[batch, height, width, channels].</param>
    /// <param name="y">[batch, out height, out width, channels], overwritten; an extent is (extent + 2 padding - kernel) / 2 + 1, or less.</param>
    /// <param name="kernel">Edge of the window.</param>
    /// <param name="padding">Pixels that the first window hangs over the border, fewer than the edge.</param>
    public static void MaxPool(Tensor x, Tensor y, int kernel = 3, int padding = 1)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var (height, width, channels) = (x.Shape[1], x.Shape[2], x.Columns);
        for (var pixel = 0; pixel < y.Rows; pixel++)
        {
            var (line, column) = Math.DivRem(pixel, y.Shape[2]);
            var (image, row) = Math.DivRem(line, y.Shape[1]);
            var target = y.Span.Slice(pixel * channels, channels);
            target.Fill(float.NegativeInfinity);
            for (var i = Math.Max(0, 2 * row - padding); i < Math.Min(height, 2 * row - padding + kernel); i++)
            {
                for (var j = Math.Max(0, 2 * column - padding); j < Math.Min(width, 2 * column - padding + kernel); j++)
                    TakeLarger(x.Span.Slice(((image * height + i) * width + j) * channels, channels), target);
            }
        }
    }

    /// <summary>The mean of each channel over a sample's pixels.</summary>
    /// <param name="x">[batch, height, width, channels], at least one pixel.</param>
    /// <param name="y">[batch, channels], overwritten.</param>
    public static void AveragePool(Tensor x, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var (pixels, channels) = (x.Shape[1] * x.Shape[2], x.Columns);
        for (var sample = 0; sample < x.Shape[0]; sample++)
        {
            var mean = y.Span.Slice(sample * channels, channels);
            mean.Clear();
            for (var pixel = 0; pixel < pixels; pixel++)
                Activation.Add(mean, x.Span.Slice((sample * pixels + pixel) * channels, channels));
            foreach (ref var value in mean)
                value /= pixels;
        }
    }

    private static void TakeLarger(ReadOnlySpan<float> x, Span<float> largest)
    {
        for (var c = 0; c < x.Length; c += VectorMath.Lanes)
        {
            var (v, l) = (VectorMath.Load(x[c..]), VectorMath.Load(largest[c..]));
            VectorMath.Store(Vector512.ConditionalSelect(Vector512.LessThanOrEqual(v, l), l, v), largest[c..]);
        }
    }
}
