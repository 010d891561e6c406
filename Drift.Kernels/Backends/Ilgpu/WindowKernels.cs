using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>A group's windows, for a kernel: see <see cref="ConvolutionShape"/>.</summary>
internal readonly record struct WindowExtents(
    int Height, int Width, int Channels, int GroupChannels, int FirstChannel, int Kernel, int Stride, int Padding, int Dilation, int OutHeight, int OutWidth, int Rows, int Depth)
{
    /// <summary>The windows of a group.</summary>
    public static WindowExtents Of(ConvolutionShape shape, int group) => new(
        shape.Height, shape.Width, shape.Channels, shape.GroupChannels, group * shape.GroupChannels, shape.Kernel, shape.Stride, shape.Padding, shape.Dilation,
        shape.OutHeight, shape.OutWidth, shape.Product.M, shape.Product.K);

    /// <summary>Where a value of a window stands in the input; -1 where the window hangs over the edge, or there is no such value.</summary>
    public static int Place(WindowExtents e, int row, int k)
    {
        if (row >= e.Rows || k >= e.Depth)
            return -1;
        int tap = k / e.GroupChannels, channel = k % e.GroupChannels, line = row / e.OutWidth;
        var y = line % e.OutHeight * e.Stride - e.Padding + tap / e.Kernel * e.Dilation;
        var x = row % e.OutWidth * e.Stride - e.Padding + tap % e.Kernel * e.Dilation;
        return y < 0 || y >= e.Height || x < 0 || x >= e.Width ? -1 : ((line / e.OutHeight * e.Height + y) * e.Width + x) * e.Channels + e.FirstChannel + channel;
    }
}

/// <summary>The left operand of a convolution's product, gathered on the device: the input goes up once, not a copy of each pixel a window.</summary>
internal static class WindowKernels
{
    /// <summary>INT8 windows.</summary>
    /// <param name="index">X counts words, Y rows, padded ones too.</param>
    /// <param name="input">[batch, height, width, channels].</param>
    /// <param name="a">Takes A as words [padded rows, words].</param>
    /// <param name="words">Words of a row.</param>
    /// <param name="e">The windows.</param>
    public static void Codes(Index2D index, ArrayView<sbyte> input, ArrayView<int> a, int words, WindowExtents e)
    {
        var k = index.X * 4;
        a[index.Y * words + index.X] = Code(input, e, index.Y, k) | Code(input, e, index.Y, k + 1) << 8 | Code(input, e, index.Y, k + 2) << 16 | Code(input, e, index.Y, k + 3) << 24;
    }

    /// <summary>fp32 windows.</summary>
    /// <param name="index">X counts k, Y rows.</param>
    /// <param name="input">[batch, height, width, channels].</param>
    /// <param name="a">Takes A [rows, K].</param>
    /// <param name="e">The windows.</param>
    public static void Values(Index2D index, ArrayView<float> input, ArrayView<float> a, WindowExtents e)
    {
        var at = WindowExtents.Place(e, index.Y, index.X);
        a[index.Y * e.Depth + index.X] = at < 0 ? 0 : input[at];
    }

    private static int Code(ArrayView<sbyte> input, WindowExtents e, int row, int k)
    {
        var at = WindowExtents.Place(e, row, k);
        return at < 0 ? 0 : input[at] & 0xFF;
    }
}
