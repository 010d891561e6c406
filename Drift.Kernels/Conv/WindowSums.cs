using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// Column sums of packed windows at stride 1 and dilation 1. What a window has at a tap, its neighbour to the left has at the tap to the right: over a stretch of neighbouring windows the sum of a
/// tap is that of the tap to its left, less what the first window had there, and what the last one has at its own more. So the first tap of each window's line is summed, and of the others
/// the windows at either end only: a third of a 3 x 3 window, and two ends. Over a whole row of windows the sum of a tap is also that which the row above had at the tap below, so of a row under another one
/// only the last line of its windows is summed.
/// </summary>
/// <param name="shape">The convolution.</param>
/// <param name="flip">What packed bytes are XORed with.</param>
internal readonly unsafe struct WindowSums(ConvolutionShape shape, byte flip)
{
    private readonly int _kernel = shape.Kernel, _each = shape.GroupChannels, _outWidth = shape.OutWidth, _outHeight = shape.OutHeight;

    /// <summary>Sums beside those of the taps that are kept while windows are added.</summary>
    public int Kept => _kernel * _each;

    /// <summary>Whether the sums of a convolution's windows can be had so.</summary>
    /// <param name="shape">The convolution.</param>
    public static bool Serve(ConvolutionShape shape) => shape is { Kernel: > 1, Stride: 1, Dilation: 1 };

    /// <summary>Adds windows to sums that <see cref="Finish"/> makes those of the taps.</summary>
    /// <param name="windows">The first one, packed.</param>
    /// <param name="stride">Bytes between windows.</param>
    /// <param name="first">Its row of the product.</param>
    /// <param name="count">Windows.</param>
    /// <param name="before">Windows that were added before, up to this one.</param>
    /// <param name="after">Windows that will be added behind these.</param>
    /// <param name="sums">K sums, modulo 2^16, and as many behind them as are <see cref="Kept"/>.</param>
    public void Add(sbyte* windows, nint stride, int first, int count, int before, int after, short* sums)
    {
        var column = first % _outWidth;
        for (int i = 0, few; i < count; i += few)
        {
            few = Math.Min(ActivationRows.Together, Math.Min(count - i, _outWidth - column));
            AddLines(windows + i * stride, stride, first + i, few, before + i, after + count - i, sums);
            if (column == 0 || before + i == 0)
                End(windows + i * stride, sums + _each, subtract: true);
            column += few;
            if (column == _outWidth || (after == 0 && i + few == count))
                End(windows + (i + few - 1) * stride + _each, sums + _each, subtract: false);
            if (column == _outWidth)
                column = 0;
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

    /// <summary>The first taps of some windows of a row.</summary>
    private void AddLines(sbyte* windows, nint stride, int first, int count, int before, int left, short* sums)
    {
        var (line, column, row) = (_kernel * _each, first % _outWidth, first / _outWidth % _outHeight);
        if (before < column || left < _outWidth - column)
        {
            for (var y = 0; y < _kernel; y++)
                ActivationRows.Add(windows + y * line, stride, count, _each, flip, sums + y * line);
            return;
        }

        // A whole row of windows: a line's sums are kept at the place of the row of the input that it has.
        var kept = sums + _kernel * line;
        for (var y = row > 0 && before - column >= _outWidth ? _kernel - 1 : 0; y < _kernel; y++)
        {
            var own = kept + (row + y) % _kernel * _each;
            if (column == 0)
                new Span<short>(own, _each).Clear();
            ActivationRows.Add(windows + y * line, stride, count, _each, flip, own);
        }

        for (var y = 0; column + count == _outWidth && y < _kernel; y++)
            PanelRowSums.Add(sums + y * line, kept + (row + y) % _kernel * _each, _each);
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
