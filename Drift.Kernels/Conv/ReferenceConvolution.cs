using System.Numerics;

namespace Drift.Kernels;

/// <summary>The truth: the definition in loops, nothing else. Every other convolution must give its bits.</summary>
public static class ReferenceConvolution
{
    /// <summary>s8 x s8 -> s32, modulo 2^32.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="input">The input in the shape's layout.</param>
    /// <param name="filters">[filters, channels / groups, kernel, kernel], as PyTorch stores them.</param>
    /// <param name="output">Takes the output in the shape's layout.</param>
    /// <exception cref="ArgumentException">There is no such convolution, or a span is too short.</exception>
    public static void Multiply(ConvolutionShape shape, ReadOnlySpan<sbyte> input, ReadOnlySpan<sbyte> filters, Span<int> output) =>
        Run(shape, input, filters, output, static (sum, x, w) => unchecked(sum + x * w));

    /// <summary>fp32: every output is one chain of fused multiply-adds in the window's order (kernel row, kernel column, channel) that starts at 0; then the bias.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="input">The input in the shape's layout.</param>
    /// <param name="filters">[filters, channels / groups, kernel, kernel], as PyTorch stores them.</param>
    /// <param name="bias">A value a filter, or empty.</param>
    /// <param name="output">Takes the output in the shape's layout.</param>
    /// <exception cref="ArgumentException">There is no such convolution, or a span is too short.</exception>
    public static void Multiply(ConvolutionShape shape, ReadOnlySpan<float> input, ReadOnlySpan<float> filters, ReadOnlySpan<float> bias, Span<float> output)
    {
        Run(shape, input, filters, output, static (sum, x, w) => MathF.FusedMultiplyAdd(x, w, sum));
        for (var row = 0; row < shape.Product.M && !bias.IsEmpty; row++)
        {
            for (var filter = 0; filter < shape.Filters; filter++)
                output[At(shape, row, filter)] += bias[filter];
        }
    }

    /// <summary>Where an output pixel's filter stands.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="row">Output pixel, counted over the batch.</param>
    /// <param name="filter">The filter.</param>
    public static int At(ConvolutionShape shape, int row, int filter)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var plane = shape.OutHeight * shape.OutWidth;
        return shape.Layout == ChannelLayout.Last ? row * shape.Filters + filter : (row / plane * shape.Filters + filter) * plane + row % plane;
    }

    private static void Run<TIn, TOut>(ConvolutionShape shape, ReadOnlySpan<TIn> input, ReadOnlySpan<TIn> filters, Span<TOut> output, Func<TOut, TIn, TIn, TOut> add)
        where TIn : unmanaged
        where TOut : unmanaged, INumber<TOut>
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.RequireLengths(input.Length, output.Length);
        var each = shape.GroupChannels;
        for (var row = 0; row < shape.Product.M; row++)
        {
            var (line, column) = Math.DivRem(row, shape.OutWidth);
            var (image, outRow) = Math.DivRem(line, shape.OutHeight);
            for (var filter = 0; filter < shape.Filters; filter++)
            {
                var sum = TOut.Zero;
                for (var tap = 0; tap < shape.Kernel * shape.Kernel; tap++)
                {
                    var y = outRow * shape.Stride - shape.Padding + tap / shape.Kernel * shape.Dilation;
                    var x = column * shape.Stride - shape.Padding + tap % shape.Kernel * shape.Dilation;
                    for (var c = 0; c < each; c++)
                    {
                        var channel = filter / shape.GroupFilters * each + c;
                        var at = shape.Layout == ChannelLayout.Last ? ((image * shape.Height + y) * shape.Width + x) * shape.Channels + channel
                            : ((image * shape.Channels + channel) * shape.Height + y) * shape.Width + x;
                        var inside = y >= 0 && y < shape.Height && x >= 0 && x < shape.Width;
                        sum = add(sum, inside ? input[at] : default, filters[(filter * each + c) * shape.Kernel * shape.Kernel + tap]);
                    }
                }

                output[At(shape, row, filter)] = sum;
            }
        }
    }
}
