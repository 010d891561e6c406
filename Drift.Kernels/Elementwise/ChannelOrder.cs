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
