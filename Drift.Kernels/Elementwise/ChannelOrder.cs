namespace Drift.Kernels;

/// <summary>Pictures between PyTorch's order of axes and that of the kernels.</summary>
public static class ChannelOrder
{
    /// <summary>[batch, channels, height, width] to [batch, height, width, channels].</summary>
    /// <param name="picture">The values.</param>
    /// <param name="target">Takes them.</param>
    public static void ToLast(Tensor picture, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(target);
        Transpose(picture.Span, picture.Shape[0], picture.Shape[1], picture.Shape[2] * picture.Shape[3], target.Span);
    }

    /// <summary>[batch, height, width, channels] to [batch, channels, height, width].</summary>
    /// <param name="picture">The values.</param>
    /// <param name="target">Takes them.</param>
    public static void ToFirst(Tensor picture, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(target);
        Transpose(picture.Span, picture.Shape[0], picture.Shape[1] * picture.Shape[2], picture.Shape[3], target.Span);
    }

    /// <summary>The channels of one picture, then those of another, pixel by pixel.</summary>
    /// <param name="first">[..., channels].</param>
    /// <param name="second">[..., channels], as many pixels.</param>
    /// <param name="target">[..., channels of both], overwritten.</param>
    /// <exception cref="ArgumentException">The pictures do not fit together.</exception>
    public static void Join(Tensor first, Tensor second, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(target);
        int left = first.Columns, right = second.Columns;
        if (first.Rows != second.Rows || target.Rows != first.Rows || target.Columns != left + right)
            throw new ArgumentException($"{first.Rows} x {left} and {second.Rows} x {right} do not make {target.Rows} x {target.Columns}", nameof(target));
        for (var pixel = 0; pixel < target.Rows; pixel++)
        {
            var channels = target.Span.Slice(pixel * (left + right), left + right);
            first.Span.Slice(pixel * left, left).CopyTo(channels);
            second.Span.Slice(pixel * right, right).CopyTo(channels[left..]);
        }
    }

    private static void Transpose(ReadOnlySpan<float> source, int batch, int rows, int columns, Span<float> target)
    {
        for (var b = 0; b < batch; b++)
        {
            var from = source.Slice(b * rows * columns, rows * columns);
            var to = target.Slice(b * rows * columns, rows * columns);
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < columns; j++)
                    to[j * rows + i] = from[i * columns + j];
            }
        }
    }
}
