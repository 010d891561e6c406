using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// The windows of a convolution's input as INT8 codes, the rows of its product, rounded straight to where they stand. A window's largest magnitude is the largest of its pixels', so each
/// pixel is looked at once and not once a window.
/// </summary>
internal static class WindowCodes
{
    /// <summary>Quantises the windows over some images.</summary>
    /// <param name="input">[batch, height, width, channels], finite.</param>
    /// <param name="images">The images.</param>
    /// <param name="layer">The convolution.</param>
    /// <param name="groups">Whether the windows share a scale, which is the input's.</param>
    /// <param name="scales">Takes one scale for all windows, or one for each.</param>
    /// <param name="codes">Takes the windows (kernel row, kernel column, channel), zeros where they hang over the edge.</param>
    /// <param name="stride">Codes from one window to the next.</param>
    /// <param name="workspace">Scratch memory.</param>
    public static void Quantise(Tensor input, Range images, ConvolutionLayer layer, ScaleGroups groups, Span<float> scales, Span<sbyte> codes, int stride, Workspace workspace)
    {
        var (firstImage, count) = images.GetOffsetAndLength(input.Shape[0]);
        var (height, width, channels) = (input.Shape[1], input.Shape[2], layer.InChannels);
        ReadOnlySpan<float> values = input.Slice(firstImage, count).Span;
        using var scope = workspace.Begin();
        // A quotient never falls as its dividend rises: the largest of the scales is the scale of the largest.
        var pixels = workspace.Rent(count * height * width).Span;
        for (var pixel = 0; pixel < pixels.Length; pixel++)
            pixels[pixel] = Quantizer.Scale(values.Slice(pixel * channels, channels));
        if (groups == ScaleGroups.PerTensor)
            scales[0] = Largest(pixels, 0);

        var (highest, widest) = (layer.Output(height), layer.Output(width));
        for (var row = 0; row < count * highest * widest; row++)
        {
            var (image, place) = Math.DivRem(row, highest * widest);
            var (top, left) = (place / widest * layer.Stride - layer.Padding, place % widest * layer.Stride - layer.Padding);
            var (lines, columns) = (Inside(top, layer.Kernel, height), Inside(left, layer.Kernel, width));
            var across = columns.Last - columns.First;
            if (groups != ScaleGroups.PerTensor)
            {
                var largest = 0f;
                for (var y = lines.First; y < lines.Last; y++)
                    largest = Largest(pixels.Slice((image * height + top + y) * width + left + columns.First, across), largest);
                scales[row] = largest;
            }

            var rounding = new CodeRounder(scales[groups == ScaleGroups.PerTensor ? 0 : row]);
            var window = codes.Slice(row * stride, layer.Linear.K);
            if (across * (lines.Last - lines.First) < layer.Kernel * layer.Kernel)
                window.Clear();
            for (var y = lines.First; y < lines.Last; y++)
                rounding.Round(values.Slice(((image * height + top + y) * width + left + columns.First) * channels, across * channels), window[((y * layer.Kernel + columns.First) * channels)..]);
        }
    }

    /// <summary>The part of a window's edge that lies inside the input.</summary>
    private static (int First, int Last) Inside(int start, int kernel, int extent)
    {
        var first = Math.Clamp(-start, 0, kernel);
        return (first, Math.Clamp(extent - start, first, kernel));
    }

    private static float Largest(ReadOnlySpan<float> scales, float largest)
    {
        foreach (var scale in scales)
            largest = MathF.Max(largest, scale);
        return largest;
    }
}
