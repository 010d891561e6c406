using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// The transforms of F(2x2, 3x3) with channels last, sixteen channels at a time: input tiles B^T d B, filters G g G^T, outputs A^T m A (Lavin and Gray, arXiv 1509.09308). Tiles of output
/// pixels are counted over batch, row and column; those at the far edges may hang over.
/// </summary>
internal readonly unsafe struct WinogradTransform
{
    /// <summary>Edge of a window.</summary>
    public const int Window = 3;

    private const int Edge = 4, Step = 2, Values = Edge * Edge, Lanes = VectorMath.Lanes;
    private readonly int _height, _width, _channels, _firstChannel, _depth, _padding, _outHeight, _outWidth, _allFilters, _firstFilter, _filters, _across, _down;

    /// <summary>A group's transforms.</summary>
    public WinogradTransform(ConvolutionShape shape, int group)
    {
        (_height, _width, _channels, _depth, _firstChannel, _padding) = (shape.Height, shape.Width, shape.Channels, shape.GroupChannels, group * shape.GroupChannels, shape.Padding);
        (_outHeight, _outWidth, _allFilters, _filters, _firstFilter) = (shape.OutHeight, shape.OutWidth, shape.Filters, shape.GroupFilters, group * shape.GroupFilters);
        (_across, _down) = ((_outWidth + Step - 1) / Step, (_outHeight + Step - 1) / Step);
        Tiles = shape.Batch * _across * _down;
    }

    /// <summary>Tiles of all pictures.</summary>
    public int Tiles { get; }

    /// <summary>One channel of a filter: G g G^T.</summary>
    /// <param name="taps">3 x 3 values.</param>
    /// <param name="target">Takes 16 values.</param>
    /// <param name="stride">Values between those.</param>
    public static void Filter(ReadOnlySpan<float> taps, Span<float> target, int stride)
    {
        Span<float> half = stackalloc float[Edge * Window];
        for (var j = 0; j < Window; j++)
            Third(taps[j], taps[Window + j], taps[2 * Window + j], half[j..], Window);
        for (var i = 0; i < Edge; i++)
            Third(half[i * Window], half[i * Window + 1], half[i * Window + 2], target[(i * Edge * stride)..], stride);
    }

    /// <summary>Some tiles of input.</summary>
    /// <param name="x">[batch, height, width, channels].</param>
    /// <param name="first">First tile.</param>
    /// <param name="end">Behind the last one.</param>
    /// <param name="v">Takes 16 times [tiles, channels of the group].</param>
    /// <param name="stride">Values between those.</param>
    public void Inputs(float* x, int first, int end, float* v, nint stride)
    {
        var pixels = stackalloc float*[Values];
        float* rest = stackalloc float[Values * Lanes], turned = stackalloc float[Values * Lanes];
        var zeros = new float[_depth];
        fixed (float* none = zeros)
        {
            for (var tile = first; tile < end; tile++)
            {
                var (image, top, left) = Place(tile);
                for (var i = 0; i < Values; i++)
                {
                    int row = top - _padding + i / Edge, column = left - _padding + i % Edge;
                    pixels[i] = (uint)row < (uint)_height && (uint)column < (uint)_width ? x + ((nint)(image * _height + row) * _width + column) * _channels + _firstChannel : none;
                }

                var channel = 0;
                for (; channel <= _depth - Lanes; channel += Lanes)
                    Input(pixels, channel, v + (nint)tile * _depth + channel, stride);
                if (channel == _depth)
                    continue;
                for (var i = 0; i < Values; i++)
                {
                    new ReadOnlySpan<float>(pixels[i] + channel, _depth - channel).CopyTo(new Span<float>(rest + i * Lanes, Lanes));
                    pixels[i] = rest + i * Lanes;
                }

                Input(pixels, 0, turned, Lanes);
                for (var i = 0; i < Values; i++)
                    new ReadOnlySpan<float>(turned + i * Lanes, _depth - channel).CopyTo(new Span<float>(v + i * stride + (nint)tile * _depth + channel, _depth - channel));
            }
        }
    }

    /// <summary>Some tiles of output, with the bias.</summary>
    /// <param name="m">16 times [tiles, filters of the group].</param>
    /// <param name="stride">Values between those.</param>
    /// <param name="first">First tile.</param>
    /// <param name="end">Behind the last one.</param>
    /// <param name="bias">A value a filter of all groups; null for none.</param>
    /// <param name="y">Takes the pixels inside the picture, [batch, height, width, filters].</param>
    public void Outputs(float* m, nint stride, int first, int end, float* bias, float* y)
    {
        var pixels = stackalloc float*[Step * Step];
        float* rest = stackalloc float[(Values + Step * Step + 1) * Lanes], made = rest + Values * Lanes, offsets = made + Step * Step * Lanes;
        var all = stackalloc float*[Step * Step];
        for (var i = 0; i < Step * Step; i++)
            all[i] = made + i * Lanes;
        var zeros = new float[_filters];
        fixed (float* none = zeros)
        {
            var terms = bias == null ? none : bias + _firstFilter;
            for (var tile = first; tile < end; tile++)
            {
                var (image, top, left) = Place(tile);
                for (var i = 0; i < Step * Step; i++)
                {
                    int row = top + i / Step, column = left + i % Step;
                    pixels[i] = row < _outHeight && column < _outWidth ? y + ((nint)(image * _outHeight + row) * _outWidth + column) * _allFilters + _firstFilter : null;
                }

                var source = m + (nint)tile * _filters;
                var filter = 0;
                for (; filter <= _filters - Lanes; filter += Lanes)
                    Output(source + filter, stride, terms + filter, pixels, filter);
                if (filter == _filters)
                    continue;
                var some = _filters - filter;
                for (var i = 0; i < Values; i++)
                    new ReadOnlySpan<float>(source + i * stride + filter, some).CopyTo(new Span<float>(rest + i * Lanes, Lanes));
                new ReadOnlySpan<float>(terms + filter, some).CopyTo(new Span<float>(offsets, Lanes));
                Output(rest, Lanes, offsets, all, 0);
                for (var i = 0; i < Step * Step; i++)
                {
                    if (pixels[i] != null)
                        new ReadOnlySpan<float>(made + i * Lanes, some).CopyTo(new Span<float>(pixels[i] + filter, some));
                }
            }
        }
    }

    private (int Image, int Top, int Left) Place(int tile)
    {
        var (line, column) = Math.DivRem(tile, _across);
        var (image, row) = Math.DivRem(line, _down);
        return (image, row * Step, column * Step);
    }

    private static void Third(float a, float b, float c, Span<float> target, int stride)
    {
        var ends = a + c;
        (target[0], target[stride], target[2 * stride], target[3 * stride]) = (a, 0.5f * (ends + b), 0.5f * (ends - b), c);
    }

    private static void Input(float** pixels, nint at, float* v, nint stride)
    {
        // Columns of the tile, each over its four rows; then the rows.
        Spread(Load(pixels[0], at), Load(pixels[4], at), Load(pixels[8], at), Load(pixels[12], at), out var a0, out var b0, out var c0, out var d0);
        Spread(Load(pixels[1], at), Load(pixels[5], at), Load(pixels[9], at), Load(pixels[13], at), out var a1, out var b1, out var c1, out var d1);
        Spread(Load(pixels[2], at), Load(pixels[6], at), Load(pixels[10], at), Load(pixels[14], at), out var a2, out var b2, out var c2, out var d2);
        Spread(Load(pixels[3], at), Load(pixels[7], at), Load(pixels[11], at), Load(pixels[15], at), out var a3, out var b3, out var c3, out var d3);
        Put(a0, a1, a2, a3, v, stride);
        Put(b0, b1, b2, b3, v + 4 * stride, stride);
        Put(c0, c1, c2, c3, v + 8 * stride, stride);
        Put(d0, d1, d2, d3, v + 12 * stride, stride);
    }

    private static void Output(float* m, nint stride, float* bias, float** pixels, nint at)
    {
        Gather(Load(m, 0), Load(m, 4 * stride), Load(m, 8 * stride), Load(m, 12 * stride), out var a0, out var b0);
        Gather(Load(m, stride), Load(m, 5 * stride), Load(m, 9 * stride), Load(m, 13 * stride), out var a1, out var b1);
        Gather(Load(m, 2 * stride), Load(m, 6 * stride), Load(m, 10 * stride), Load(m, 14 * stride), out var a2, out var b2);
        Gather(Load(m, 3 * stride), Load(m, 7 * stride), Load(m, 11 * stride), Load(m, 15 * stride), out var a3, out var b3);
        Gather(a0, a1, a2, a3, out var y0, out var y1);
        Gather(b0, b1, b2, b3, out var y2, out var y3);
        var terms = Vector512.Load(bias);
        Store(y0 + terms, pixels[0], at);
        Store(y1 + terms, pixels[1], at);
        Store(y2 + terms, pixels[2], at);
        Store(y3 + terms, pixels[3], at);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(float* values, nint at) => Vector512.Load(values + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> values, float* pixel, nint at)
    {
        if (pixel != null)
            values.Store(pixel + at);
    }

    /// <summary>B^T of four values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Spread(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, out Vector512<float> first, out Vector512<float> second, out Vector512<float> third, out Vector512<float> fourth)
    {
        first = a - c;
        second = b + c;
        third = c - b;
        fourth = b - d;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* v, nint stride)
    {
        Spread(a, b, c, d, out var first, out var second, out var third, out var fourth);
        first.Store(v);
        second.Store(v + stride);
        third.Store(v + 2 * stride);
        fourth.Store(v + 3 * stride);
    }

    /// <summary>A^T of four values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gather(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, out Vector512<float> first, out Vector512<float> second)
    {
        first = a + b + c;
        second = b - c - d;
    }
}
