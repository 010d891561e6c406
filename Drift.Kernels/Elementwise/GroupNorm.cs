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
        var (floats, doubles) = (ArrayPool<float>.Shared.Rent((runs + 2) * channels), ArrayPool<double>.Shared.Rent(channels));
        var (sums, scale, shift) = (floats.AsMemory(0, runs * channels), floats.AsMemory(runs * channels, channels), floats.AsMemory((runs + 1) * channels, channels));
        var moments = doubles.AsSpan(0, channels);
        for (var sample = 0; sample < x.Shape[0]; sample++)
        {
            var values = x.Span.Slice(sample * each, each);
            // shift holds the means until the second pass has used them.
            shift.Span.Clear();
            Moments(values, shift, squared: false, sums, moments, threads);
            Spread(moments, groups, each, mean => (float)mean, shift.Span);
            Moments(values, shift, squared: true, sums, moments, threads);
            Spread(moments, groups, each, variance => (float)(1 / Math.Sqrt(variance + epsilon)), scale.Span);
            Fit(gamma, beta, scale.Span, shift.Span);
            Affine(values, scale, shift, y.Span.Slice(sample * each, each), threads);
        }

        ArrayPool<float>.Shared.Return(floats);
        ArrayPool<double>.Shared.Return(doubles);
    }

    /// <summary>
    /// Sums over the pixels, a channel a lane: of the values, or of the squared distances from a centre. A channel is one chain over the pixels of a run. Threads share the runs, whose sums are added
    /// in their order.
    /// </summary>
    private static unsafe void Moments(ReadOnlySpan<float> values, ReadOnlyMemory<float> centre, bool squared, Memory<float> each, Span<double> sums, int threads)
    {
        var (channels, count) = (sums.Length, values.Length);
        var runs = (count / channels + Run - 1) / Run;
        fixed (float* start = values)
        {
            var from = (nint)start;
            // Backwards on the second way: what the first one left in a thread's caches is there when it begins, and what this one leaves is there for the third.
            RowShare.Run(runs, Run * channels, threads, (first, end) =>
            {
                for (var way = first; way < end; way++)
                {
                    var run = squared ? end - 1 - (way - first) : way;
                    var at = run * Run * channels;
                    SumRun(new ReadOnlySpan<float>((float*)from + at, Math.Min(Run * channels, count - at)), centre.Span, squared, each.Span.Slice(run * channels, channels));
                }
            }, backwards: squared);
        }

        AddRuns(each.Span, sums);
    }

    private static unsafe void SumRun(ReadOnlySpan<float> run, ReadOnlySpan<float> centre, bool squared, Span<float> sums)
    {
        var (channels, whole) = (sums.Length, sums.Length / VectorMath.Lanes * VectorMath.Lanes);
        sums.Clear();
        fixed (float* values = run, middles = centre, totals = sums)
        {
            // Inlined twice with a constant: one loop of sums and one of squares.
            if (squared)
                Add(values, run.Length / channels, channels, whole, middles, totals, true);
            else
                Add(values, run.Length / channels, channels, whole, middles, totals, false);
        }

        if (whole == channels)
            return;
        var rest = Vector512<float>.Zero;
        var middle = VectorMath.Load(centre[whole..]);
        for (var at = whole; at < run.Length; at += channels)
            rest = Added(rest, VectorMath.Load(run.Slice(at, channels - whole)), middle, squared);
        VectorMath.Store(rest, sums[whole..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Add(float* x, int pixels, nint channels, nint whole, float* centre, float* sums, bool squared)
    {
        for (; pixels >= Block; pixels -= Block, x += Block * channels)
        {
            for (nint c = 0; c < whole; c += VectorMath.Lanes)
            {
                var at = x + c;
                var middle = Vector512.Load(centre + c);
                var sum = Added(Vector512.Load(sums + c), Vector512.Load(at), middle, squared);
                sum = Added(sum, Vector512.Load(at + channels), middle, squared);
                sum = Added(sum, Vector512.Load(at + 2 * channels), middle, squared);
                Added(sum, Vector512.Load(at + 3 * channels), middle, squared).Store(sums + c);
            }
        }

        for (; pixels > 0; pixels--, x += channels)
        {
            for (nint c = 0; c < whole; c += VectorMath.Lanes)
                Added(Vector512.Load(sums + c), Vector512.Load(x + c), Vector512.Load(centre + c), squared).Store(sums + c);
        }
    }

    /// <summary>A value, or its squared distance from the middle, more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Added(Vector512<float> sum, Vector512<float> value, Vector512<float> middle, bool squared)
    {
        if (!squared)
            return sum + value;
        var distance = value - middle;
        return Vector512.FusedMultiplyAdd(distance, distance, sum);
    }

    /// <summary>The runs' sums, a channel one chain.</summary>
    private static void AddRuns(ReadOnlySpan<float> each, Span<double> sums)
    {
        var channels = sums.Length;
        var c = 0;
        for (; c <= channels - VectorMath.Lanes; c += VectorMath.Lanes)
        {
            var (lower, upper) = (Vector512<double>.Zero, Vector512<double>.Zero);
            for (var at = c; at < each.Length; at += channels)
            {
                var (few, more) = Vector512.Widen(Vector512.Create(each[at..]));
                (lower, upper) = (lower + few, upper + more);
            }

            lower.CopyTo(sums[c..]);
            upper.CopyTo(sums[(c + Vector512<double>.Count)..]);
        }

        for (; c < channels; c++)
        {
            sums[c] = 0;
            for (var at = c; at < each.Length; at += channels)
                sums[c] += each[at];
        }
    }

    /// <summary>Hands what the mean of each group gives to each of its channels.</summary>
    private static void Spread(ReadOnlySpan<double> sums, int groups, int values, Func<double, float> of, Span<float> to)
    {
        var size = sums.Length / groups;
        for (var first = 0; first < sums.Length; first += size)
        {
            var sum = 0.0;
            foreach (var more in sums.Slice(first, size))
                sum += more;
            to.Slice(first, size).Fill(of(sum * groups / values));
        }
    }

    /// <summary>From deviations and means to what a value is multiplied by and what is added.</summary>
    private static void Fit(ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, Span<float> scale, Span<float> shift)
    {
        for (var c = 0; c < scale.Length; c += VectorMath.Lanes)
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
            RowShare.Run(x.Length / channels, channels, threads, (first, end) => AffineRows(new ReadOnlySpan<float>(source + (nint)first * channels, (end - first) * channels), scale.Span, shift.Span,
                new Span<float>(target + (nint)first * channels, (end - first) * channels)));
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
