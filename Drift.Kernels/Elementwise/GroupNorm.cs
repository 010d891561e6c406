using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Group normalisation of [batch, height, width, channels].</summary>
public static class GroupNorm
{
    /// <summary>Pixels summed in fp32 before the sum moves to fp64.</summary>
    private const int Run = 64;

    /// <summary>y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, with mean and variance over a sample's pixels and the channels of a group.</summary>
    /// <param name="x">[batch, ..., channels].</param>
    /// <param name="groups">Groups of neighbouring channels; divides the channels.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="gamma">A factor a channel.</param>
    /// <param name="beta">An addend a channel.</param>
    /// <param name="y">As long as <paramref name="x"/>; may be the same.</param>
    /// <exception cref="ArgumentException">The groups do not divide the channels, or a length is wrong.</exception>
    public static void Apply(Tensor x, int groups, float epsilon, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var channels = x.Columns;
        if (groups < 1 || channels % groups != 0 || gamma.Length != channels || beta.Length != channels || y.Length != x.Length)
            throw new ArgumentException($"{groups} groups of {channels} channels, {gamma.Length} gammas, {beta.Length} betas", nameof(groups));

        var each = x.Shape[0] == 0 ? 0 : x.Length / x.Shape[0];
        var (moments, scale, shift) = (new double[channels], new float[channels], new float[channels]);
        for (var sample = 0; sample < x.Shape[0]; sample++)
        {
            var values = x.Span.Slice(sample * each, each);
            // shift holds the means until the second pass has used them.
            Moments(values, shift.AsSpan(), squared: false, moments);
            Spread(moments, groups, each, (channel, mean) => shift[channel] = (float)mean);
            Moments(values, shift.AsSpan(), squared: true, moments);
            Spread(moments, groups, each, (channel, variance) => scale[channel] = (float)(1 / Math.Sqrt(variance + epsilon)));
            for (var c = 0; c < channels; c++)
            {
                scale[c] *= gamma[c];
                shift[c] = beta[c] - shift[c] * scale[c];
            }

            Affine(values, scale, shift, y.Span.Slice(sample * each, each));
            shift.AsSpan().Clear();
        }
    }

    /// <summary>Sums over the pixels, a channel a lane: of the values, or of the squared distances from a centre.</summary>
    private static void Moments(ReadOnlySpan<float> values, ReadOnlySpan<float> centre, bool squared, Span<double> sums)
    {
        var channels = sums.Length;
        var pixels = values.Length / channels;
        Span<float> lanes = stackalloc float[VectorMath.Lanes];
        sums.Clear();
        for (var c = 0; c < channels; c += VectorMath.Lanes)
        {
            var width = Math.Min(VectorMath.Lanes, channels - c);
            var middle = VectorMath.Load(centre.Slice(c, width));
            for (var first = 0; first < pixels; first += Run)
            {
                var run = values[(first * channels)..(Math.Min(first + Run, pixels) * channels)][c..];
                (width == VectorMath.Lanes ? Sum(run, channels, middle, squared) : SumOfFew(run, channels, width, middle, squared)).CopyTo(lanes);
                for (var lane = 0; lane < width; lane++)
                    sums[c + lane] += lanes[lane];
            }
        }
    }

    /// <summary>The sum of every vector that begins a stride behind the last one.</summary>
    private static Vector512<float> Sum(ReadOnlySpan<float> values, int stride, Vector512<float> middle, bool squared)
    {
        ref var start = ref MemoryMarshal.GetReference(values);
        var sum = Vector512<float>.Zero;
        for (var at = 0; at < values.Length; at += stride)
            sum = Added(sum, Vector512.LoadUnsafe(ref start, (nuint)at) - middle, squared);
        return sum;
    }

    private static Vector512<float> SumOfFew(ReadOnlySpan<float> values, int stride, int width, Vector512<float> middle, bool squared)
    {
        var sum = Vector512<float>.Zero;
        for (var at = 0; at < values.Length; at += stride)
            sum = Added(sum, VectorMath.Load(values.Slice(at, width)) - middle, squared);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Added(Vector512<float> sum, Vector512<float> distance, bool squared) =>
        squared ? Vector512.FusedMultiplyAdd(distance, distance, sum) : sum + distance;

    /// <summary>Hands the mean of each group to each of its channels.</summary>
    private static void Spread(ReadOnlySpan<double> sums, int groups, int values, Action<int, double> take)
    {
        var size = sums.Length / groups;
        for (var group = 0; group < groups; group++)
        {
            var sum = 0.0;
            for (var c = group * size; c < (group + 1) * size; c++)
                sum += sums[c];
            for (var c = group * size; c < (group + 1) * size; c++)
                take(c, sum * groups / values);
        }
    }

    private static void Affine(ReadOnlySpan<float> x, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, Span<float> y)
    {
        var channels = scale.Length;
        for (var start = 0; start < x.Length; start += channels)
            AffineRow(x.Slice(start, channels), scale, shift, y.Slice(start, channels));
    }

    private static void AffineRow(ReadOnlySpan<float> x, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, Span<float> y)
    {
        ref var input = ref MemoryMarshal.GetReference(x);
        ref var factor = ref MemoryMarshal.GetReference(scale);
        ref var addend = ref MemoryMarshal.GetReference(shift);
        ref var output = ref MemoryMarshal.GetReference(y);
        var i = 0;
        for (; i <= x.Length - VectorMath.Lanes; i += VectorMath.Lanes)
        {
            var at = (nuint)i;
            Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref input, at), Vector512.LoadUnsafe(ref factor, at), Vector512.LoadUnsafe(ref addend, at)).StoreUnsafe(ref output, at);
        }

        if (i < x.Length)
            VectorMath.Store(Vector512.FusedMultiplyAdd(VectorMath.Load(x[i..]), VectorMath.Load(scale[i..]), VectorMath.Load(shift[i..])), y[i..]);
    }
}
