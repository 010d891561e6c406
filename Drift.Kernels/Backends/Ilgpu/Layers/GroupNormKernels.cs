using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>The extents of a tensor whose channels are normalised in groups.</summary>
/// <param name="Pixels">Pixels of a sample.</param>
/// <param name="Channels">Channels of a pixel.</param>
/// <param name="Groups">Groups of neighbouring channels.</param>
/// <param name="Epsilon">Added to a variance.</param>
internal readonly record struct GroupExtents(int Pixels, int Channels, int Groups, float Epsilon)
{
    /// <summary>Runs of a sample.</summary>
    public static int RunsOf(int pixels) => (pixels + GroupNorm.Run - 1) / GroupNorm.Run;
}

/// <summary>
/// <see cref="GroupNorm"/> in the host's order of sums: a channel of a run is a chain in fp32, the runs of a channel and then the channels of a group are chains in fp64. The long part, the runs, is an
/// item a channel and run, neighbours beside each other in memory, which is enough of them for a GPU; the chains behind it are short.
/// </summary>
internal static class GroupNormKernels
{
    /// <summary>Sums a channel over a run of pixels: the distances from a centre, and their squares.</summary>
    /// <param name="flat">X counts channels, Y the runs of all samples (<see cref="FlatIndex"/>).</param>
    /// <param name="x">[samples, pixels, channels].</param>
    /// <param name="centres">[samples, channels].</param>
    /// <param name="sums">Takes [samples, runs, 2, channels]: a run's sums, then its squares.</param>
    /// <param name="e">Extents.</param>
    public static void SumRun(Index1D flat, ArrayView<float> x, ArrayView<float> centres, ArrayView<float> sums, GroupExtents e)
    {
        var index = FlatIndex.At(flat, e.Channels);
        var runs = GroupExtents.RunsOf(e.Pixels);
        int sample = index.Y / runs, first = index.Y % runs * GroupNorm.Run, count = IntrinsicMath.Min(GroupNorm.Run, e.Pixels - first);
        var at = (sample * e.Pixels + first) * e.Channels + index.X;
        var centre = centres[sample * e.Channels + index.X];
        float sum = 0, squares = 0;
        for (var pixel = 0; pixel < count; pixel++)
        {
            var distance = x[at + pixel * e.Channels] - centre;
            sum += distance;
            squares = DeviceMath.FusedMultiplyAdd(distance, distance, squares);
        }

        var to = 2 * index.Y * e.Channels + index.X;
        sums[to] = sum;
        sums[to + e.Channels] = squares;
    }

    /// <summary>Adds lines, a column one chain.</summary>
    /// <param name="index">A column of a sample.</param>
    /// <param name="lines">[samples, count, width].</param>
    /// <param name="totals">Takes [samples, width].</param>
    /// <param name="width">Columns.</param>
    /// <param name="count">Lines of a sample.</param>
    /// <param name="step">Lines from one that is added to the next.</param>
    public static void AddLines(Index1D index, ArrayView<float> lines, ArrayView<double> totals, int width, int count, int step)
    {
        var at = index / width * count * width + index % width;
        var total = 0.0;
        for (var line = 0; line < count; line += step)
            total += lines[at + line * width];
        totals[index] = total;
    }

    /// <summary>Hands the mean of a group's first pixels to each of its channels.</summary>
    /// <param name="index">A channel of a sample.</param>
    /// <param name="totals">[samples, channels], of the first pixel of each run.</param>
    /// <param name="centres">Takes [samples, channels].</param>
    /// <param name="e">Extents.</param>
    public static void Centre(Index1D index, ArrayView<double> totals, ArrayView<float> centres, GroupExtents e) =>
        centres[index] = (float)Mean(totals, index - index % e.Channels, index % e.Channels, GroupExtents.RunsOf(e.Pixels), e);

    /// <summary>A channel's factor and addend.</summary>
    /// <param name="index">A channel of a sample.</param>
    /// <param name="totals">[samples, 2, channels], of the distances and of their squares.</param>
    /// <param name="gamma">A factor a channel.</param>
    /// <param name="beta">An addend a channel.</param>
    /// <param name="scale">Takes [samples, channels].</param>
    /// <param name="shift">The centres [samples, channels]; takes the addends.</param>
    /// <param name="e">Extents.</param>
    public static void Fit(Index1D index, ArrayView<double> totals, ArrayView<float> gamma, ArrayView<float> beta, ArrayView<float> scale, ArrayView<float> shift, GroupExtents e)
    {
        var channel = index % e.Channels;
        var sums = 2 * (index - channel);
        // Rounded before it is squared, as the host has it: the square is exact, so that it does not matter whether a compiler fuses it.
        var distance = (float)Mean(totals, sums, channel, e.Pixels, e);
        var variance = Mean(totals, sums + e.Channels, channel, e.Pixels, e) - (double)distance * distance;
        var factor = (float)(1 / Math.Sqrt((variance < 0 ? 0 : variance) + e.Epsilon)) * gamma[channel];
        scale[index] = factor;
        shift[index] = beta[channel] - DeviceMath.Multiply(shift[index] + distance, factor);
    }

    /// <summary>y = x scale + shift.</summary>
    /// <param name="flat">X counts channels, Y the pixels of all samples (<see cref="FlatIndex"/>).</param>
    /// <param name="x">[samples, pixels, channels].</param>
    /// <param name="scale">[samples, channels].</param>
    /// <param name="shift">[samples, channels].</param>
    /// <param name="y">Takes as many values as x; may be x.</param>
    /// <param name="e">Extents.</param>
    public static void Apply(Index1D flat, ArrayView<float> x, ArrayView<float> scale, ArrayView<float> shift, ArrayView<float> y, GroupExtents e)
    {
        var index = FlatIndex.At(flat, e.Channels);
        int at = index.Y * e.Channels + index.X, channel = index.Y / e.Pixels * e.Channels + index.X;
        y[at] = DeviceMath.FusedMultiplyAdd(x[at], scale[channel], shift[channel]);
    }

    /// <summary>The mean over a channel's group, whose sums stand in a line.</summary>
    private static double Mean(ArrayView<double> totals, int line, int channel, int pixels, GroupExtents e)
    {
        var size = e.Channels / e.Groups;
        var first = line + channel - channel % size;
        var sum = 0.0;
        for (var more = 0; more < size; more++)
            sum += totals[first + more];
        return sum / ((long)pixels * size);
    }
}
