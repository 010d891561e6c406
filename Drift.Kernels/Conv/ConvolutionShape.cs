namespace Drift.Kernels;

/// <summary>
/// A 2-D convolution as a product: an output pixel is a row (counted over batch, row and column), a filter is a column, and a row of the left operand is the window under
/// the pixel, ordered (kernel row, kernel column, channel), with zeros where it hangs over the edge. Each group of filters sees its own channels and is a product of its own.
/// </summary>
/// <param name="Batch">Pictures, at least 1.</param>
/// <param name="Height">Rows of an input picture, at least 1.</param>
/// <param name="Width">Columns of an input picture, at least 1.</param>
/// <param name="Channels">Channels of the input; a multiple of the groups.</param>
/// <param name="Filters">Channels of the output; a multiple of the groups.</param>
/// <param name="Kernel">Edge of the window, at least 1.</param>
public sealed record ConvolutionShape(int Batch, int Height, int Width, int Channels, int Filters, int Kernel)
{
    /// <summary>Step of the window, at least 1.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Zeros before the first row and column, at least 0.</summary>
    public int Padding { get; init; }

    /// <summary>Zeros behind the last row and column; as <see cref="Padding"/> where not set.</summary>
    public int? PaddingAfter { get; init; }

    /// <summary>Pixels from one value of a window to the next, at least 1.</summary>
    public int Dilation { get; init; } = 1;

    /// <summary>Parts that channels and filters are cut into, at least 1: a filter sees the channels of its own part only.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Where the channels of input and output stand.</summary>
    public ChannelLayout Layout { get; init; }

    /// <summary>Pixels that a window spans, what dilation leaves out included.</summary>
    public int Span => Dilation * (Kernel - 1) + 1;

    /// <summary>Rows of an output picture.</summary>
    public int OutHeight => Output(Height);

    /// <summary>Columns of an output picture.</summary>
    public int OutWidth => Output(Width);

    /// <summary>Channels that a filter sees.</summary>
    public int GroupChannels => Channels / Groups;

    /// <summary>Filters of a group.</summary>
    public int GroupFilters => Filters / Groups;

    /// <summary>One group's product: M output pixels, N filters, K values of a window.</summary>
    public GemmShape Product => new(Batch * OutHeight * OutWidth, GroupFilters, Kernel * Kernel * GroupChannels);

    /// <summary>Values of the input.</summary>
    public int InputLength => Batch * Height * Width * Channels;

    /// <summary>Values of the output.</summary>
    public int OutputLength => Product.M * Filters;

    /// <summary>True where a window is one pixel and every pixel has one: with channels last, the input's pixels are the rows themselves.</summary>
    internal bool IsPointwise => Kernel == 1 && Stride == 1 && Padding == 0 && (PaddingAfter ?? 0) == 0;

    /// <summary>Returns the shape when there is such a convolution.</summary>
    /// <exception cref="ArgumentException">An extent is out of range, the window does not fit the padded input, or the groups do not divide channels or filters.</exception>
    public ConvolutionShape Required()
    {
        foreach (var (what, value, least) in new[]
        {
            (nameof(Batch), Batch, 1), (nameof(Height), Height, 1), (nameof(Width), Width, 1), (nameof(Channels), Channels, 1), (nameof(Filters), Filters, 1),
            (nameof(Kernel), Kernel, 1), (nameof(Stride), Stride, 1), (nameof(Padding), Padding, 0), (nameof(PaddingAfter), PaddingAfter ?? 0, 0),
            (nameof(Dilation), Dilation, 1), (nameof(Groups), Groups, 1),
        })
        {
            if (value < least)
                throw new ArgumentException($"a convolution's {what} is {value}; expected at least {least}");
        }

        if (Channels % Groups != 0 || Filters % Groups != 0)
            throw new ArgumentException($"{Groups} groups do not divide {(Channels % Groups != 0 ? $"{Channels} channels" : $"{Filters} filters")}");
        long span = (long)Dilation * (Kernel - 1) + 1, padding = (long)Padding + (PaddingAfter ?? Padding), extent = Math.Min(Height, Width) + padding;
        if (span > extent)
            throw new ArgumentException($"a window of {Kernel} at dilation {Dilation} spans {span} pixels, the padded input has {extent}");
        long rows = (Height + padding - span) / Stride + 1, columns = (Width + padding - span) / Stride + 1;
        RequireAddressable("input", (double)Batch * Height * Width * Channels);
        RequireAddressable("output", (double)Batch * rows * columns * Filters);
        RequireAddressable("filter", (double)Kernel * Kernel * GroupChannels * Filters);
        return this;
    }

    /// <summary>Fails unless spans are as long as the shape says.</summary>
    /// <param name="input">Values of the input.</param>
    /// <param name="output">Values of the output.</param>
    /// <exception cref="ArgumentException">One is shorter; the message has both numbers.</exception>
    internal void RequireLengths(int input, int output)
    {
        Required();
        if (input < InputLength)
            throw new ArgumentException($"the input of {this} needs {InputLength} values, the span has {input}");
        if (output < OutputLength)
            throw new ArgumentException($"the output of {this} needs {OutputLength} values, the span has {output}");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Batch} x {Height} x {Width} x {Channels}, {Filters} filters of {Kernel} x {Kernel}, stride {Stride}, padding {Padding}"
        + (PaddingAfter is { } after && after != Padding ? $" and {after}" : "") + (Dilation > 1 ? $", dilation {Dilation}" : "") + (Groups > 1 ? $", {Groups} groups" : "");

    private static void RequireAddressable(string what, double values)
    {
        if (values > int.MaxValue)
            throw new ArgumentException($"a convolution's {what} of {values:F0} values passes 2^31");
    }

    private int Output(int extent) => (extent + Padding + (PaddingAfter ?? Padding) - Span) / Stride + 1;
}
