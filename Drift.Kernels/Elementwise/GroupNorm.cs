using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>Group normalisation of [batch, height, width, channels].</summary>
public static class GroupNorm
{
    /// <summary>Pixels summed in fp32 before the sum moves to fp64.</summary>
    internal const int Run = 64;

    // Pixels that all channels are gone through for, four vectors at a time, before the next ones come: those are asked for meanwhile.
    private const int Block = 8;

    private const int Strip = 4 * VectorMath.Lanes;

    /// <summary>y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, with mean and variance over a sample's pixels and the channels of a group.</summary>
    /// <param name="x">[batch, ..., channels].</param>
    /// <param name="groups">Groups of neighbouring channels; divides the channels.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="gamma">A factor a channel.</param>
    /// <param name="beta">An addend a channel.</param>
    /// <param name="y">As long as <paramref name="x"/>; may be the same.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">The groups do not divide the channels, or a length is wrong.</exception>
    public static void Apply(Tensor x, int groups, float epsilon, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, Tensor y, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var channels = x.Columns;
        if (groups < 1 || channels % groups != 0 || gamma.Length != channels || beta.Length != channels || y.Length != x.Length)
            throw new ArgumentException($"{groups} groups of {channels} channels, {gamma.Length} gammas, {beta.Length} betas", nameof(groups));

        var each = x.Shape[0] == 0 ? 0 : x.Length / x.Shape[0];
        var (moments, scale, shift) = (new double[channels], new float[channels], new float[channels]);
        var runs = GC.AllocateUninitializedArray<float>((each / channels + Run - 1) / Run * channels);
        for (var sample = 0; sample < x.Shape[0]; sample++)
        {
            var values = x.Span.Slice(sample * each, each);
            // shift holds the means until the second pass has used them.
            Moments(values, shift, squared: false, runs, moments, threads);
            Spread(moments, groups, each, (channel, mean) => shift[channel] = (float)mean);
            Moments(values, shift, squared: true, runs, moments, threads);
            Spread(moments, groups, each, (channel, variance) => scale[channel] = (float)(1 / Math.Sqrt(variance + epsilon)));
            for (var c = 0; c < channels; c++)
            {
                scale[c] *= gamma[c];
                shift[c] = beta[c] - shift[c] * scale[c];
            }

            Affine(values, scale, shift, y.Span.Slice(sample * each, each), threads);
            shift.AsSpan().Clear();
        }
    }

    /// <summary>
    /// Sums over the pixels, a channel a lane: of the values, or of the squared distances from a centre. A channel is one chain over the pixels of a run; four vectors of
    /// channels go side by side and hide each other's waits. Threads share the runs, whose sums are added in their order.
    /// </summary>
    private static unsafe void Moments(ReadOnlySpan<float> values, float[] centre, bool squared, float[] each, double[] sums, int threads)
    {
        var (channels, count) = (sums.Length, values.Length);
        var runs = (count / channels + Run - 1) / Run;
        fixed (float* start = values)
        {
            var from = (nint)start;
            RowShare.Run(runs, Run * channels, threads, (first, end) =>
            {
                // Backwards on the second way: what the first one left in the caches is there when it begins.
                for (var way = first; way < end; way++)
                {
                    var run = squared ? end - 1 - (way - first) : way;
                    var at = run * Run * channels;
                    SumRun(new ReadOnlySpan<float>((float*)from + at, Math.Min(Run * channels, count - at)), centre, squared, each.AsSpan(run * channels, channels));
                }
            });
        }

        sums.AsSpan().Clear();
        for (var run = 0; run < runs; run++)
        {
            var some = each.AsSpan(run * channels, channels);
            for (var c = 0; c < channels; c++)
                sums[c] += some[c];
        }
    }

    private static unsafe void SumRun(ReadOnlySpan<float> run, float[] centre, bool squared, Span<float> sums)
    {
        var (channels, whole) = (sums.Length, sums.Length / Strip * Strip);
        sums[..whole].Clear();
        fixed (float* values = run, middles = centre, totals = sums)
        {
            for (var at = 0; at < run.Length && whole > 0; at += Block * channels)
            {
                var pixels = Math.Min(Block, (run.Length - at) / channels);
                for (var c = 0; c < whole; c += Strip)
                {
                    // Inlined twice with a constant: one loop of sums and one of squares.
                    if (squared)
                        Add(values + at + c, pixels, channels, middles + c, totals + c, true);
                    else
                        Add(values + at + c, pixels, channels, middles + c, totals + c, false);
                }
            }
        }

        for (var c = whole; c < channels; c += VectorMath.Lanes)
        {
            var lanes = Math.Min(VectorMath.Lanes, channels - c);
            var (middle, sum) = (VectorMath.Load(centre.AsSpan(c, lanes)), Vector512<float>.Zero);
            for (var at = c; at < run.Length; at += channels)
                sum = Added(sum, VectorMath.Load(run.Slice(at, lanes)) - middle, squared);
            VectorMath.Store(sum, sums.Slice(c, lanes));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Add(float* x, int pixels, int channels, float* centre, float* sums, bool squared)
    {
        const int L = VectorMath.Lanes;
        var (m0, m1, m2, m3) = (Vector512.Load(centre), Vector512.Load(centre + L), Vector512.Load(centre + 2 * L), Vector512.Load(centre + 3 * L));
        var (a, b, c, d) = (Vector512.Load(sums), Vector512.Load(sums + L), Vector512.Load(sums + 2 * L), Vector512.Load(sums + 3 * L));
        for (var pixel = 0; pixel < pixels; pixel++, x += channels)
        {
            Fetch(x + Block * channels);
            a = Added(a, Vector512.Load(x) - m0, squared);
            b = Added(b, Vector512.Load(x + L) - m1, squared);
            c = Added(c, Vector512.Load(x + 2 * L) - m2, squared);
            d = Added(d, Vector512.Load(x + 3 * L) - m3, squared);
        }

        a.Store(sums);
        b.Store(sums + L);
        c.Store(sums + 2 * L);
        d.Store(sums + 3 * L);
    }

    /// <summary>Asks for four vectors, whether they exist or not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Fetch(float* x)
    {
        if (!Sse.IsSupported)
            return;
        Sse.Prefetch0(x);
        Sse.Prefetch0(x + VectorMath.Lanes);
        Sse.Prefetch0(x + 2 * VectorMath.Lanes);
        Sse.Prefetch0(x + 3 * VectorMath.Lanes);
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

    private static unsafe void Affine(ReadOnlySpan<float> x, float[] scale, float[] shift, Span<float> y, int threads)
    {
        var channels = scale.Length;
        fixed (float* from = x, to = y)
        {
            float* source = from, target = to;
            RowShare.Run(x.Length / channels, channels, threads, (first, end) =>
            {
                for (var row = first; row < end; row++)
                    AffineRow(new ReadOnlySpan<float>(source + (nint)row * channels, channels), scale, shift, new Span<float>(target + (nint)row * channels, channels));
            });
        }
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
