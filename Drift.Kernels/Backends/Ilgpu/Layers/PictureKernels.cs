using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>The extents of a picture that is doubled.</summary>
/// <param name="Height">Rows of the large one.</param>
/// <param name="Width">Columns of the large one.</param>
/// <param name="FromHeight">Rows of the small one.</param>
/// <param name="FromWidth">Columns of the small one.</param>
/// <param name="Channels">Channels of either.</param>
internal readonly record struct DoublingExtents(int Height, int Width, int FromHeight, int FromWidth, int Channels);

/// <summary>Values of pictures that go to another place, unchanged.</summary>
internal static class PictureKernels
{
    /// <summary>Two pictures' channels side by side: <see cref="ChannelOrder.Join"/>.</summary>
    /// <param name="flat">X counts channels of both, Y pixels (<see cref="FlatIndex"/>).</param>
    /// <param name="first">[pixels, left].</param>
    /// <param name="second">[pixels, right].</param>
    /// <param name="target">Takes [pixels, left + right].</param>
    /// <param name="left">Channels of the first.</param>
    /// <param name="right">Channels of the second.</param>
    public static void Join(Index1D flat, ArrayView<float> first, ArrayView<float> second, ArrayView<float> target, int left, int right)
    {
        var index = FlatIndex.At(flat, left + right);
        target[index.Y * (left + right) + index.X] = index.X < left ? first[index.Y * left + index.X] : second[index.Y * right + index.X - left];
    }

    /// <summary>A pixel becomes four: <see cref="Resampling.Double"/>.</summary>
    /// <param name="flat">X counts channels, Y pixels of the large pictures (<see cref="FlatIndex"/>).</param>
    /// <param name="x">Small pictures.</param>
    /// <param name="y">Takes the large ones.</param>
    /// <param name="e">Extents.</param>
    public static void Double(Index1D flat, ArrayView<float> x, ArrayView<float> y, DoublingExtents e)
    {
        var index = FlatIndex.At(flat, e.Channels);
        int line = index.Y / e.Width, column = index.Y % e.Width / 2, row = line / e.Height * e.FromHeight + line % e.Height / 2;
        y[index.Y * e.Channels + index.X] = x[(row * e.FromWidth + column) * e.Channels + index.X];
    }

    /// <summary>Rows become columns, in each picture: <see cref="ChannelOrder.ToLast"/>, <see cref="ChannelOrder.ToFirst"/>.</summary>
    /// <param name="flat">X counts values of a picture as they will stand, Y pictures (<see cref="FlatIndex"/>).</param>
    /// <param name="source">[pictures, rows, columns].</param>
    /// <param name="target">Takes [pictures, columns, rows].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    public static void Transpose(Index1D flat, ArrayView<float> source, ArrayView<float> target, int rows, int columns)
    {
        var index = FlatIndex.At(flat, rows * columns);
        var first = index.Y * rows * columns;
        target[first + index.X] = source[first + index.X % rows * columns + index.X / rows];
    }
}
