using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// Column sums of packed windows at stride 1 and dilation 1. What a window has at a tap, its neighbour to the left has at the tap to the right: over a stretch of neighbouring windows the sum of a
/// tap is that of the tap to its left, less what the first window had there, and what the last one has at its own more. So the first tap of each window's line is summed, and of the others
/// the windows at either end only: a third of a 3 x 3 window, and two ends.
/// </summary>
/// <param name="shape">The convolution.</param>
/// <param name="flip">What packed bytes are XORed with.</param>
internal readonly unsafe struct WindowSums(ConvolutionShape shape, byte flip)
{
    private readonly int _kernel = shape.Kernel, _each = shape.GroupChannels, _outWidth = shape.OutWidth;

    /// <summary>Whether the sums of a convolution's windows can be had so.</summary>
    /// <param name="shape">The convolution.</param>
    public static bool Serve(ConvolutionShape shape) => shape is { Kernel: > 1, Stride: 1, Dilation: 1 };

    /// <summary>Adds windows to sums that <see cref="Finish"/> makes those of the taps.</summary>
    /// <param name="windows">The first one, packed.</param>
    /// <param name="stride">Bytes between windows.</param>
    /// <param name="first">Its row of the product.</param>
    /// <param name="count">Windows.</param>
    /// <param name="begins">Whether the first one is the first that is added.</param>
    /// <param name="ends">Whether the last one is the last.</param>
    /// <param name="sums">K sums, modulo 2^16.</param>
    public void Add(sbyte* windows, nint stride, int first, int count, bool begins, bool ends, short* sums)
    {
        var line = _kernel * _each;
        for (var i = 0; i < count; i += ActivationRows.Together)
        {
            for (var y = 0; y < _kernel; y++)
                ActivationRows.Add(windows + i * stride + y * line, stride, Math.Min(ActivationRows.Together, count - i), _each, flip, sums + y * line);
        }

        for (int i = 0, column = first % _outWidth; i < count; i++, column = column + 1 < _outWidth ? column + 1 : 0)
        {
            if (column == 0 || (begins && i == 0))
                End(windows + i * stride, sums + _each, subtract: true);
            if (column == _outWidth - 1 || (ends && i == count - 1))
                End(windows + i * stride + _each, sums + _each, subtract: false);
        }
    }

    /// <summary>Once all windows are added.</summary>
    /// <param name="sums">K sums.</param>
    public void Finish(short* sums)
    {
        for (var tap = 0; tap < _kernel * _kernel; tap++)
        {
            if (tap % _kernel > 0)
                PanelRowSums.Add(sums + tap * _each, sums + (tap - 1) * _each, _each);
        }
    }

    /// <summary>A window at the end of a stretch, all taps of its lines but one each.</summary>
    private void End(sbyte* values, short* sums, bool subtract)
    {
        for (var y = 0; y < _kernel; y++, values += _kernel * _each, sums += _kernel * _each)
            Line(values, sums, subtract);
    }

    private void Line(sbyte* values, short* sums, bool subtract)
    {
        var (count, p) = ((_kernel - 1) * _each, 0);
        var signs = Vector256.Create((sbyte)flip);
        for (; p <= count - Vector256<sbyte>.Count; p += Vector256<sbyte>.Count)
        {
            var (sum, more) = (Vector512.Load(sums + p), ActivationRows.Wide(Vector256.Load(values + p) ^ signs));
            (subtract ? sum - more : sum + more).Store(sums + p);
        }

        for (; p < count; p++)
        {
            var more = (sbyte)(values[p] ^ (sbyte)flip);
            sums[p] = (short)(subtract ? sums[p] - more : sums[p] + more);
        }
    }
}
