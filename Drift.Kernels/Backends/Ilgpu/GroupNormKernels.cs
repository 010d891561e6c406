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
    /// <summary>Sums a channel over a run of pixels: of the values, or of the squared distances from the group's mean.</summary>
    /// <param name="flat">X counts channels, Y the runs of all samples (<see cref="FlatIndex"/>).</param>
    /// <param name="x">[samples, pixels, channels].</param>
    /// <param name="means">[samples, channels]; not read where values are summed.</param>
    /// <param name="sums">Takes [samples, runs, channels].</param>
    /// <param name="squared">1 for squared distances, else 0.</param>
    /// <param name="e">Extents.</param>
    public static void SumRun(Index1D flat, ArrayView<float> x, ArrayView<float> means, ArrayView<float> sums, int squared, GroupExtents e)
    {
        var index = FlatIndex.At(flat, e.Channels);
        var runs = GroupExtents.RunsOf(e.Pixels);
        int sample = index.Y / runs, first = index.Y % runs * GroupNorm.Run, count = IntrinsicMath.Min(GroupNorm.Run, e.Pixels - first);
        var at = (sample * e.Pixels + first) * e.Channels + index.X;
        var sum = 0f;
        if (squared == 0)
        {
            for (var pixel = 0; pixel < count; pixel++)
                sum += x[at + pixel * e.Channels];
        }
        else
        {
            var mean = means[sample * e.Channels + index.X];
            for (var pixel = 0; pixel < count; pixel++)
            {
                var distance = x[at + pixel * e.Channels] - mean;
                sum = DeviceMath.FusedMultiplyAdd(distance, distance, sum);
            }
        }

        sums[index.Y * e.Channels + index.X] = sum;
    }

    /// <summary>Adds a channel's runs.</summary>
    /// <param name="index">A channel of a sample.</param>
    /// <param name="sums">[samples, runs, channels].</param>
    /// <param name="totals">Takes [samples, channels].</param>
    /// <param name="e">Extents.</param>
    public static void AddRuns(Index1D index, ArrayView<float> sums, ArrayView<double> totals, GroupExtents e)
    {
        var runs = GroupExtents.RunsOf(e.Pixels);
        var at = index / e.Channels * runs * e.Channels + index % e.Channels;
        var total = 0.0;
        for (var run = 0; run < runs; run++)
            total += sums[at + run * e.Channels];
        totals[index] = total;
    }

    /// <summary>Hands the mean of a group to each of its channels.</summary>
    /// <param name="index">A channel of a sample.</param>
    /// <param name="totals">[samples, channels], of the values.</param>
    /// <param name="means">Takes [samples, channels].</param>
    /// <param name="e">Extents.</param>
    public static void Centre(Index1D index, ArrayView<double> totals, ArrayView<float> means, GroupExtents e) => means[index] = (float)Mean(index, totals, e);

    /// <summary>A channel's factor and addend.</summary>
    /// <param name="index">A channel of a sample.</param>
    /// <param name="totals">[samples, channels], of the squared distances.</param>
    /// <param name="gamma">A factor a channel.</param>
    /// <param name="beta">An addend a channel.</param>
    /// <param name="scale">Takes [samples, channels].</param>
    /// <param name="shift">The means [samples, channels]; takes the addends.</param>
    /// <param name="e">Extents.</param>
    public static void Fit(Index1D index, ArrayView<double> totals, ArrayView<float> gamma, ArrayView<float> beta, ArrayView<float> scale, ArrayView<float> shift, GroupExtents e)
    {
        var channel = index % e.Channels;
        var factor = (float)(1 / Math.Sqrt(Mean(index, totals, e) + e.Epsilon)) * gamma[channel];
        scale[index] = factor;
        shift[index] = beta[channel] - DeviceMath.Multiply(shift[index], factor);
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

    private static double Mean(int index, ArrayView<double> totals, GroupExtents e)
    {
        var size = e.Channels / e.Groups;
        var first = index - index % e.Channels % size;
        var sum = 0.0;
        for (var channel = 0; channel < size; channel++)
            sum += totals[first + channel];
        return sum * e.Groups / (e.Pixels * e.Channels);
    }
}
