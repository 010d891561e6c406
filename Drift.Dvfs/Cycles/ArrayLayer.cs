using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>A layer as a systolic array sees it: a product, with the windows that its first operand is cut from where it is a convolution.</summary>
/// <param name="Name">The layer's name in its topology.</param>
/// <param name="Shape">M, N and K; of a convolution: output pixels, filters, window size.</param>
/// <param name="Window">Where the rows of the first operand come from; null for a plain product.</param>
public sealed record ArrayLayer(string Name, GemmShape Shape, ConvolutionWindow? Window = null)
{
    /// <summary>A convolution.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="window">The input and the window.</param>
    /// <param name="filters">Output channels, at least 1.</param>
    /// <exception cref="OverflowException">More output pixels, or elements under the window, than an extent of a product has numbers.</exception>
    public static ArrayLayer Of(string name, ConvolutionWindow window, int filters)
    {
        ArgumentNullException.ThrowIfNull(window);
        return new ArrayLayer(name, new GemmShape(checked(window.OutputHeight * window.OutputWidth), filters, window.Size), window);
    }

    /// <summary>Distinct elements of the first operand that the layer reads: M K, or the pixels that some window touches.</summary>
    public long InputElements => Window?.TouchedElements ?? (long)Shape.M * Shape.K;

    /// <summary>Addresses of the first operand, element (m, k).</summary>
    internal OperandAddresses InputAddresses() => Window?.Addresses() ?? OperandAddresses.Dense(Shape.M, Shape.K);

    /// <summary>Addresses of the second operand, element (n, k).</summary>
    internal OperandAddresses FilterAddresses() => OperandAddresses.Dense(Shape.N, Shape.K);
}

/// <summary>
/// The input of a convolution without padding, and the window that moves over it. The output's extent is rounded UP, as SCALE-Sim does: ceil((H - F + S) / S); windows that
/// leave the input read nothing there.
/// </summary>
/// <param name="Height">Rows of the input, padding already added; at least 1, as all that follows.</param>
/// <param name="Width">Columns of the input.</param>
/// <param name="FilterHeight">Rows of the window, at most those of the input.</param>
/// <param name="FilterWidth">Columns of the window, at most those of the input.</param>
/// <param name="Channels">Channels of the input.</param>
/// <param name="Stride">Step of the window in both directions.</param>
public sealed record ConvolutionWindow(int Height, int Width, int FilterHeight, int FilterWidth, int Channels, int Stride)
{
    /// <summary>Rows of the output.</summary>
    public int OutputHeight => Extent(Height, FilterHeight);

    /// <summary>Columns of the output.</summary>
    public int OutputWidth => Extent(Width, FilterWidth);

    /// <summary>Elements under the window.</summary>
    /// <exception cref="OverflowException">They are 2^31 or more.</exception>
    public int Size => checked(FilterHeight * FilterWidth * Channels);

    /// <summary>Input elements that at least one window touches.</summary>
    public long TouchedElements => (long)Touched(Height, FilterHeight, OutputHeight) * Touched(Width, FilterWidth, OutputWidth) * Channels;

    /// <summary>Addresses of element (pixel, place in the window), channels innermost.</summary>
    /// <exception cref="OverflowException">More elements than an address has numbers, or pixels or places than are listed.</exception>
    internal OperandAddresses Addresses()
    {
        var count = OperandAddresses.Required((long)OutputHeight * OutputWidth, Size, (Int128)Height * Width * Channels);
        var rows = Enumerable.Range(0, OutputHeight * OutputWidth).Select(pixel => (Y: pixel / OutputWidth * Stride, X: pixel % OutputWidth * Stride)).ToArray();
        var places = Enumerable.Range(0, Size).Select(place => (Y: place / (FilterWidth * Channels), X: place / Channels % FilterWidth, C: place % Channels)).ToArray();
        return new OperandAddresses(
            [.. rows.Select(at => (at.Y * Width + at.X) * Channels)],
            [.. places.Select(at => (at.Y * Width + at.X) * Channels + at.C)],
            count,
            (OutputHeight - 1) * Stride + FilterHeight > Height || (OutputWidth - 1) * Stride + FilterWidth > Width
                ? (row, place) => rows[row].Y + places[place].Y >= Height || rows[row].X + places[place].X >= Width
                : null);
    }

    private int Extent(int input, int filter) => (input - filter + Stride - 1) / Stride + 1;

    private int Touched(int input, int filter, int output) => Stride >= filter
        ? Enumerable.Range(0, output).Sum(at => Math.Clamp(input - at * Stride, 0, filter))
        : Math.Min(input, (output - 1) * Stride + filter);
}
