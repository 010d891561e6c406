using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Group normalisation of [batch, height, width, channels].</summary>
public static class GroupNorm
{
    /// <summary>Pixels summed in fp32 before the sum moves to fp64.</summary>
    internal const int Run = 64;

    // Pixels whose values a sum takes while it is in a register; all channels of these come before the next pixels, so that memory is read as it stands.
    private const int Block = 4;

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
        var runs = (each / channels + Run - 1) / Run;
        // Lent, not new: what a call has just been given is in no cache.
        var (floats, doubles) = (ArrayPool<float>.Shared.Rent((2 * runs + 2) * channels), ArrayPool<double>.Shared.Rent(2 * channels));
        var (sums, scale, shift) = (floats.AsMemory(0, 2 * runs * channels), floats.AsMemory(2 * runs * channels, channels), floats.AsMemory((2 * runs + 1) * channels, channels));
        var moments = doubles.AsSpan(0, 2 * channels);
        for (var sample = 0; sample < x.Shape[0]; sample++)
        {
            var values = x.Span.Slice(sample * each, each);
            Centre(values, groups, moments[..channels], shift.Span);
            Moments(values, shift, sums, threads);
            AddRuns(sums.Span, 2 * channels, moments);
            Fit(moments, groups, each / channels, epsilon, gamma, beta, scale.Span, shift.Span);
            Affine(values, scale, shift, y.Span.Slice(sample * each, each), threads);
        }

        ArrayPool<float>.Shared.Return(floats);
        ArrayPool<double>.Shared.Return(doubles);
    }

    /// <summary>
    /// What is near each group's mean: the mean of the first pixel of every run. Squares about it sum to at most 1 + <see cref="Run"/> times those about the mean, whatever the values are, since the pixels that gave it
    /// are among them; where these are like the others, to hardly more. So one pass has sums and squares, and the variance that they give has lost two digits at most, and mostly none.
    /// </summary>
    private static void Centre(ReadOnlySpan<float> values, int groups, Span<double> sums, Span<float> centre)
    {
        AddRuns(values, Run * sums.Length, sums);
        var (size, pixels) = (sums.Length / groups, (values.Length / sums.Length + Run - 1) / Run);
        for (var first = 0; first < sums.Length; first += size)
            centre.Slice(first, size).Fill((float)Mean(sums.Slice(first, size), pixels));
    }

    /// <summary>
    /// Sums over the pixels, a channel a lane: of the distances from a centre and of their squares. A channel is one chain over the pixels of a run; each run has a line of sums, then squares. Threads share the runs.
    /// </summary>
    private static unsafe void Moments(ReadOnlySpan<float> values, ReadOnlyMemory<float> centre, Memory<float> sums, int threads)
    {
        var (channels, count) = (centre.Length, values.Length);
        var runs = (count / channels + Run - 1) / Run;
        fixed (float* start = values)
        {
            var from = (nint)start;
            RowShare.Run(runs, Run * channels, threads, (first, end) =>
            {
                for (var run = first; run < end; run++)
                {
                    var at = run * Run * channels;
                    SumRun(new ReadOnlySpan<float>((float*)from + at, Math.Min(Run * channels, count - at)), centre.Span, sums.Span.Slice(2 * run * channels, 2 * channels));
                }
            });
        }
    }

    private static unsafe void SumRun(ReadOnlySpan<float> run, ReadOnlySpan<float> centre, Span<float> sums)
    {
        var (channels, whole) = (centre.Length, centre.Length / VectorMath.Lanes * VectorMath.Lanes);
        sums.Clear();
        fixed (float* values = run, middles = centre, totals = sums)
            Add(values, run.Length / channels, channels, whole, middles, totals);
        if (whole == channels)
            return;
        var (rest, squares) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var middle = VectorMath.Load(centre[whole..]);
        for (var at = whole; at < run.Length; at += channels)
            Add(VectorMath.Load(run.Slice(at, channels - whole)) - middle, ref rest, ref squares);
        VectorMath.Store(rest, sums[whole..channels]);
        VectorMath.Store(squares, sums[(channels + whole)..]);
    }

    private static unsafe void Add(float* x, int pixels, nint channels, nint whole, float* centre, float* sums)
    {
        var squares = sums + channels;
        for (; pixels >= Block; pixels -= Block, x += Block * channels)
        {
            for (nint c = 0; c < whole; c += VectorMath.Lanes)
            {
                var at = x + c;
                var (middle, sum, square) = (Vector512.Load(centre + c), Vector512.Load(sums + c), Vector512.Load(squares + c));
                Add(Vector512.Load(at) - middle, ref sum, ref square);
                Add(Vector512.Load(at + channels) - middle, ref sum, ref square);
                Add(Vector512.Load(at + 2 * channels) - middle, ref sum, ref square);
                Add(Vector512.Load(at + 3 * channels) - middle, ref sum, ref square);
                sum.Store(sums + c);
                square.Store(squares + c);
            }
        }

        for (; pixels > 0; pixels--, x += channels)
        {
            for (nint c = 0; c < whole; c += VectorMath.Lanes)
            {
                var (sum, square) = (Vector512.Load(sums + c), Vector512.Load(squares + c));
                Add(Vector512.Load(x + c) - Vector512.Load(centre + c), ref sum, ref square);
                sum.Store(sums + c);
                square.Store(squares + c);
            }
        }
    }

    /// <summary>A distance, and its square, more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector512<float> distance, ref Vector512<float> sum, ref Vector512<float> squares)
    {
        sum += distance;
        squares = Vector512.FusedMultiplyAdd(distance, distance, squares);
    }

    /// <summary>Sums of what stands in lines, a column one chain.</summary>
    private static void AddRuns(ReadOnlySpan<float> lines, int stride, Span<double> sums)
    {
        var width = sums.Length;
        var c = 0;
        for (; c <= width - VectorMath.Lanes; c += VectorMath.Lanes)
        {
            var (lower, upper) = (Vector512<double>.Zero, Vector512<double>.Zero);
            for (var at = c; at < lines.Length; at += stride)
            {
                var (few, more) = Vector512.Widen(Vector512.Create(lines[at..]));
                (lower, upper) = (lower + few, upper + more);
            }

            lower.CopyTo(sums[c..]);
            upper.CopyTo(sums[(c + Vector512<double>.Count)..]);
        }

        for (; c < width; c++)
        {
            sums[c] = 0;
            for (var at = c; at < lines.Length; at += stride)
                sums[c] += lines[at];
        }
    }

    /// <summary>The mean of a group whose channels have these sums.</summary>
    private static double Mean(ReadOnlySpan<double> sums, int pixels)
    {
        var sum = 0.0;
        foreach (var more in sums)
            sum += more;
        return sum / ((long)pixels * sums.Length);
    }

    /// <summary>From sums of distances and squares to what a value is multiplied by and what is added.</summary>
    /// <param name="moments">A sum a channel, then as many squares.</param>
    /// <param name="groups">Groups of channels.</param>
    /// <param name="pixels">Pixels of the sample.</param>
    /// <param name="epsilon">Added to a variance.</param>
    /// <param name="gamma">A factor a channel.</param>
    /// <param name="beta">An addend a channel.</param>
    /// <param name="scale">Takes factors.</param>
    /// <param name="shift">What distances were taken from; takes addends.</param>
    private static void Fit(ReadOnlySpan<double> moments, int groups, int pixels, float epsilon, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, Span<float> scale, Span<float> shift)
    {
        var (channels, size) = (scale.Length, scale.Length / groups);
        for (var first = 0; first < channels; first += size)
        {
            // Rounded before it is squared: the square is then exact, and a GPU's compiler may fuse it with the subtraction.
            var distance = (float)Mean(moments.Slice(first, size), pixels);
            var variance = Mean(moments.Slice(channels + first, size), pixels) - (double)distance * distance;
            // Squares may underflow where the distance of the mean does not.
            scale.Slice(first, size).Fill((float)(1 / Math.Sqrt((variance < 0 ? 0 : variance) + epsilon)));
            shift.Slice(first, size).Fill(shift[first] + distance);
        }

        for (var c = 0; c < channels; c += VectorMath.Lanes)
        {
            var factor = VectorMath.Load(scale[c..]) * VectorMath.Load(gamma[c..]);
            VectorMath.Store(VectorMath.Load(beta[c..]) - VectorMath.Load(shift[c..]) * factor, shift[c..]);
            VectorMath.Store(factor, scale[c..]);
        }
    }

    private static unsafe void Affine(ReadOnlySpan<float> x, ReadOnlyMemory<float> scale, ReadOnlyMemory<float> shift, Span<float> y, int threads)
    {
        var channels = scale.Length;
        fixed (float* from = x, to = y)
        {
            float* source = from, target = to;
            // Backwards, a run at a time: what the sums have left in a thread's caches is there when it begins.
            RowShare.Run(x.Length / channels, channels, threads, (first, end) =>
            {
                for (int next = end, pixel; next > first; next = pixel)
                {
                    pixel = Math.Max(first, next - Run);
                    var (at, length) = ((nint)pixel * channels, (next - pixel) * channels);
                    AffineRows(new ReadOnlySpan<float>(source + at, length), scale.Span, shift.Span, new Span<float>(target + at, length));
                }
            }, backwards: true);
        }
    }

    private static void AffineRows(ReadOnlySpan<float> x, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, Span<float> y)
    {
        var channels = scale.Length;
        ref var factor = ref MemoryMarshal.GetReference(scale);
        ref var addend = ref MemoryMarshal.GetReference(shift);
        for (var at = 0; at < x.Length; at += channels)
        {
            ref var input = ref Unsafe.Add(ref MemoryMarshal.GetReference(x), at);
            ref var output = ref Unsafe.Add(ref MemoryMarshal.GetReference(y), at);
            var c = 0;
            for (; c <= channels - VectorMath.Lanes; c += VectorMath.Lanes)
            {
                var i = (nuint)c;
                Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref input, i), Vector512.LoadUnsafe(ref factor, i), Vector512.LoadUnsafe(ref addend, i)).StoreUnsafe(ref output, i);
            }

            if (c < channels)
            {
                var rest = Vector512.FusedMultiplyAdd(VectorMath.Load(x[(at + c)..(at + channels)]), VectorMath.Load(scale[c..]), VectorMath.Load(shift[c..]));
                VectorMath.Store(rest, y[(at + c)..(at + channels)]);
            }
        }
    }
}
