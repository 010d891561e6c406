using System.Runtime.CompilerServices;

namespace Drift.Kernels;

/// <summary>
/// The left operand of a convolution's product, which is nowhere in memory: its rows are the windows over an input with channels last, and a block of them is gathered when
/// the product needs it.
/// </summary>
/// <typeparam name="T">Type of the values; all its zero bits mean 0.</typeparam>
internal readonly unsafe struct WindowRows<T>
    where T : unmanaged
{
    private readonly T* _input;
    private readonly int _height, _width, _channels, _each, _firstChannel, _kernel, _stride, _padding, _dilation, _outHeight, _outWidth;

    /// <summary>The windows of a group.</summary>
    /// <param name="input">[batch, height, width, channels].</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="group">Which group's channels.</param>
    public WindowRows(T* input, ConvolutionShape shape, int group)
    {
        _input = input;
        (_height, _width, _channels, _each, _firstChannel) = (shape.Height, shape.Width, shape.Channels, shape.GroupChannels, group * shape.GroupChannels);
        (_kernel, _stride, _padding, _dilation, _outHeight, _outWidth) = (shape.Kernel, shape.Stride, shape.Padding, shape.Dilation, shape.OutHeight, shape.OutWidth);
    }

    /// <summary>A part of some windows: K values from some place on.</summary>
    /// <param name="row">First window.</param>
    /// <param name="count">Windows.</param>
    /// <param name="first">First value of each.</param>
    /// <param name="depth">Values of each.</param>
    /// <param name="target">Takes them.</param>
    /// <param name="targetStride">Values from one window to the next.</param>
    public void Gather(int row, int count, int first, int depth, T* target, nint targetStride)
    {
        // Where all channels of neighbouring pixels are wanted, a line of the window is one stretch of memory; else each of its pixels is.
        var whole = _dilation == 1 && _each == _channels;
        var (pixels, width) = whole ? (_kernel, _kernel * _channels) : (1, _each);
        var (line, column) = Math.DivRem(row, _outWidth);
        var (image, outRow) = Math.DivRem(line, _outHeight);
        for (var i = 0; i < count; i++, target += targetStride)
        {
            int top = outRow * _stride - _padding, left = column * _stride - _padding;
            var to = target;
            for (var at = first; at < first + depth;)
            {
                var (stretch, start) = Math.DivRem(at, width);
                var length = Math.Min(width - start, first + depth - at);
                var y = top + (whole ? stretch : stretch / _kernel) * _dilation;
                var x = left + (whole ? 0 : stretch % _kernel * _dilation);
                Copy(image, y, x, pixels, start, length, to);
                to += length;
                at += length;
            }

            if (++column < _outWidth)
                continue;
            column = 0;
            if (++outRow < _outHeight)
                continue;
            outRow = 0;
            image++;
        }
    }

    /// <summary>Some values of a stretch of neighbouring pixels, zeros where it hangs over the edge.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Copy(int image, int y, int x, int pixels, int start, int length, T* target)
    {
        if ((uint)y >= (uint)_height)
        {
            new Span<T>(target, length).Clear();
            return;
        }

        var source = _input + ((nint)(image * _height + y) * _width + x) * _channels + _firstChannel + start;
        // Inside the picture, as nearly all are.
        if (x >= 0 && x + pixels <= _width)
        {
            new ReadOnlySpan<T>(source, length).CopyTo(new Span<T>(target, length));
            return;
        }

        var each = pixels == 1 ? _each : _channels;
        var before = Math.Clamp(-x * each - start, 0, length);
        var end = Math.Clamp((_width - x) * each - start, before, length);
        new Span<T>(target, before).Clear();
        new ReadOnlySpan<T>(source + before, end - before).CopyTo(new Span<T>(target + before, end - before));
        new Span<T>(target + end, length - end).Clear();
    }
}
