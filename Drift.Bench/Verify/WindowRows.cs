namespace Drift.Bench;

/// <summary>Convolutions as products, in the fixtures' order: rows are output pixels (batch, row, column), columns are (channel, kernel row, kernel column).</summary>
internal static class WindowRows
{
    /// <summary>The windows of [batch, channels, height, width], one a row.</summary>
    public static sbyte[] Unroll(sbyte[] values, IReadOnlyList<int> shape, int kernel, int stride, int padding)
    {
        if (shape.Count != 4 || Math.Min(shape[2], shape[3]) + 2 * padding < kernel)
            throw new UserErrorException($"x is [{string.Join(", ", shape)}]; expected [batch, channels, height, width] that hold a window of {kernel}");
        int batch = shape[0], channels = shape[1], height = shape[2], width = shape[3];
        int outHeight = (height + 2 * padding - kernel) / stride + 1, outWidth = (width + 2 * padding - kernel) / stride + 1;
        var columns = channels * kernel * kernel;
        var rows = new sbyte[batch * outHeight * outWidth * columns];
        for (var i = 0; i < rows.Length; i++)
        {
            int pixel = i / columns, within = i % columns;
            var y = pixel / outWidth % outHeight * stride + within / kernel % kernel - padding;
            var x = pixel % outWidth * stride + within % kernel - padding;
            if (y >= 0 && y < height && x >= 0 && x < width)
                rows[i] = values[((pixel / (outHeight * outWidth) * channels + within / (kernel * kernel)) * height + y) * width + x];
        }

        return rows;
    }

    /// <summary>A product's rows as [batch, channels, height, width].</summary>
    public static T[] Planes<T>(T[] rows, IReadOnlyList<int> shape)
    {
        if (shape.Count != 4 || shape.Aggregate(1L, (product, extent) => product * extent) != rows.Length)
            throw new UserErrorException($"y_nchw is [{string.Join(", ", shape)}]; expected [batch, channels, height, width] with {rows.Length} values");
        int channels = shape[1], plane = shape[2] * shape[3];
        var planes = new T[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            int pixel = i / channels, channel = i % channels;
            planes[(pixel / plane * channels + channel) * plane + pixel % plane] = rows[i];
        }

        return planes;
    }
}
