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
    /// <param name="flat">X counts words, Y rows, padded ones too (<see cref="FlatIndex"/>).</param>
    /// <param name="input">[batch, height, width, channels].</param>
    /// <param name="a">Takes A as words [padded rows, words].</param>
    /// <param name="words">Words of a row.</param>
    /// <param name="e">The windows.</param>
    public static void Codes(Index1D flat, ArrayView<sbyte> input, ArrayView<int> a, int words, WindowExtents e)
    {
        var index = FlatIndex.At(flat, words);
        var k = index.X * 4;
        a[index.Y * words + index.X] = Code(input, e, index.Y, k) | Code(input, e, index.Y, k + 1) << 8 | Code(input, e, index.Y, k + 2) << 16 | Code(input, e, index.Y, k + 3) << 24;
    }

    /// <summary>fp32 windows.</summary>
    /// <param name="flat">X counts k, Y rows (<see cref="FlatIndex"/>).</param>
    /// <param name="input">[batch, height, width, channels].</param>
    /// <param name="a">Takes A [rows, K].</param>
    /// <param name="e">The windows.</param>
    public static void Values(Index1D flat, ArrayView<float> input, ArrayView<float> a, WindowExtents e)
    {
        var index = FlatIndex.At(flat, e.Depth);
        var at = WindowExtents.Place(e, index.Y, index.X);
        a[index.Y * e.Depth + index.X] = at < 0 ? 0 : input[at];
    }

    /// <summary>fp32 windows, interleaved as a product reads them: <see cref="FloatLineKernels.Interleave"/>.</summary>
    /// <param name="flat">X counts k, Y rows of the stretch, padded ones too (<see cref="FlatIndex"/>).</param>
    /// <param name="input">[batch, height, width, channels].</param>
    /// <param name="lines">Takes the stretch.</param>
    /// <param name="first">Its first row.</param>
    /// <param name="group">Rows of a group.</param>
    /// <param name="e">The windows.</param>
    public static void Lines(Index1D flat, ArrayView<float> input, ArrayView<float> lines, int first, int group, WindowExtents e)
    {
        var index = FlatIndex.At(flat, e.Depth);
        var at = WindowExtents.Place(e, first + index.Y, index.X);
        lines[FloatLineKernels.Place(index.Y, index.X, group, e.Depth)] = at < 0 ? 0 : input[at];
    }

    /// <summary>The largest magnitude of each window, as <see cref="QuantiseKernels.Measure"/> has it.</summary>
    /// <param name="flat">X counts stretches of a window, Y windows (<see cref="FlatIndex"/>).</param>
    /// <param name="input">[batch, height, width, channels].</param>
    /// <param name="largest">Takes a word a window; zero before.</param>
    /// <param name="e">The windows.</param>
    public static void Measure(Index1D flat, ArrayView<float> input, ArrayView<int> largest, WindowExtents e)
    {
        var index = FlatIndex.At(flat, (e.Depth + QuantiseKernels.Stretch - 1) / QuantiseKernels.Stretch);
        var most = 0;
        var end = IntrinsicMath.Min((index.X + 1) * QuantiseKernels.Stretch, e.Depth);
        for (var k = index.X * QuantiseKernels.Stretch; k < end; k++)
        {
            var at = WindowExtents.Place(e, index.Y, k);
            if (at >= 0)
                most = IntrinsicMath.Max(most, (int)(Interop.FloatAsInt(input[at]) & 0x7FFFFFFF));
        }

        Atomic.Max(ref largest[index.Y], most);
    }

    /// <summary>Windows of fp32 values as INT8 codes.</summary>
    /// <param name="flat">X counts words, Y rows, padded ones too (<see cref="FlatIndex"/>).</param>
    /// <param name="input">[batch, height, width, channels].</param>
    /// <param name="largest">A group's largest magnitude as bits.</param>
    /// <param name="a">Takes A as words [padded rows, words].</param>
    /// <param name="words">Words of a row.</param>
    /// <param name="rowsOfGroup">Windows under one scale.</param>
    /// <param name="e">The windows.</param>
    public static void Quantise(Index1D flat, ArrayView<float> input, ArrayView<int> largest, ArrayView<int> a, int words, int rowsOfGroup, WindowExtents e)
    {
        var index = FlatIndex.At(flat, words);
        var code = 0;
        if (index.Y < e.Rows)
        {
            var scale = Interop.IntAsFloat((uint)largest[index.Y / rowsOfGroup]) / CodeRounder.LargestCode;
            var k = index.X * 4;
            code = Code(input, e, index.Y, k, scale) | Code(input, e, index.Y, k + 1, scale) << 8 | Code(input, e, index.Y, k + 2, scale) << 16 | Code(input, e, index.Y, k + 3, scale) << 24;
        }

        a[index.Y * words + index.X] = code;
    }

    private static int Code(ArrayView<float> input, WindowExtents e, int row, int k, float scale)
    {
        var at = WindowExtents.Place(e, row, k);
        return at < 0 ? 0 : QuantiseKernels.Code(input[at], scale) & 0xFF;
    }

    private static int Code(ArrayView<sbyte> input, WindowExtents e, int row, int k)
    {
        var at = WindowExtents.Place(e, row, k);
        return at < 0 ? 0 : input[at] & 0xFF;
    }
}
