using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Layer normalisation over the last dimension.</summary>
public static class LayerNorm
{
    private const int BlockRows = 4;

    /// <summary>
    /// y = (x - mean) / sqrt(variance + epsilon) x (1 + scale) + shift for each row, as adaptive layer norm has it. The variance is the population's; sums
    /// run in sixteen lanes.
    /// </summary>
    /// <param name="input">[rows, width] row-major.</param>
    /// <param name="scale">width values.</param>
    /// <param name="shift">width values.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="output">As long as the input; may be the input.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">A length disagrees with the width.</exception>
    public static void Modulate(ReadOnlySpan<float> input, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, float epsilon, Span<float> output, int threads = 1) =>
        Apply(input, 1, scale, shift, epsilon, output, threads);

    /// <summary>y = (x - mean) / sqrt(variance + epsilon) x gamma + beta for each row: the learned affine form.</summary>
    /// <param name="input">[rows, width] row-major.</param>
    /// <param name="gamma">width values.</param>
    /// <param name="beta">width values.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="output">As long as the input; may be the input.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">A length disagrees with the width.</exception>
    public static void Affine(ReadOnlySpan<float> input, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, float epsilon, Span<float> output, int threads = 1) =>
        Apply(input, 0, gamma, beta, epsilon, output, threads);

    /// <summary>Both forms: a row's factors are <paramref name="unit"/> + <paramref name="scale"/>.</summary>
    private static unsafe void Apply(ReadOnlySpan<float> input, float unit, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, float epsilon, Span<float> output, int threads)
    {
        var width = scale.Length;
        if (width == 0 || input.Length % width != 0 || shift.Length != width || output.Length < input.Length)
            throw new ArgumentException($"{input.Length} values in rows of {width} need {width} shifts (not {shift.Length}) and as much output (not {output.Length})", nameof(scale));
        fixed (float* x = input, gain = scale, offset = shift, y = output)
            RowShare.Run(input.Length / width, width, threads, new Rows(x, width, unit, gain, offset, epsilon, y));
    }

    private static void Apply(ReadOnlySpan<float> input, float unit, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, float epsilon, Span<float> output)
    {
        var width = scale.Length;
        var (rows, whole) = (input.Length / width, 0);
        if (width % VectorMath.Lanes == 0)
        {
            whole = rows / BlockRows * BlockRows;
            for (var row = 0; row < whole; row += BlockRows)
                Block(input.Slice(row * width, BlockRows * width), unit, scale, shift, epsilon, output.Slice(row * width, BlockRows * width));
        }

        for (var start = whole * width; start < input.Length; start += width)
        {
            var row = input.Slice(start, width);
            var mean = Mean(row);
            Apply(row, mean, Inverse(Variance(row, mean), epsilon), unit, scale, shift, output.Slice(start, width));
        }
    }

    /// <summary>
    /// Four rows of whole vectors at once, each in the order of lanes that a row alone has: a row is three short chains of dependent sums, and four of them
    /// hide each other's latency.
    /// </summary>
    private static void Block(ReadOnlySpan<float> input, float unit, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, float epsilon, Span<float> output)
    {
        var width = (nuint)scale.Length;
        ref var x0 = ref MemoryMarshal.GetReference(input);
        ref var x1 = ref Unsafe.Add(ref x0, width);
        ref var x2 = ref Unsafe.Add(ref x1, width);
        ref var x3 = ref Unsafe.Add(ref x2, width);
        var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        for (nuint i = 0; i < width; i += VectorMath.Lanes)
        {
            a += Vector512.LoadUnsafe(ref x0, i);
            b += Vector512.LoadUnsafe(ref x1, i);
            c += Vector512.LoadUnsafe(ref x2, i);
            d += Vector512.LoadUnsafe(ref x3, i);
        }

        float count = scale.Length;
        var (m0, m1, m2, m3) = (VectorMath.Sum(a) / count, VectorMath.Sum(b) / count, VectorMath.Sum(c) / count, VectorMath.Sum(d) / count);
        (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        for (nuint i = 0; i < width; i += VectorMath.Lanes)
        {
            a = PlusSquare(a, Vector512.LoadUnsafe(ref x0, i), m0);
            b = PlusSquare(b, Vector512.LoadUnsafe(ref x1, i), m1);
            c = PlusSquare(c, Vector512.LoadUnsafe(ref x2, i), m2);
            d = PlusSquare(d, Vector512.LoadUnsafe(ref x3, i), m3);
        }

        var (r0, r1) = (Inverse(VectorMath.Sum(a) / count, epsilon), Inverse(VectorMath.Sum(b) / count, epsilon));
        var (r2, r3) = (Inverse(VectorMath.Sum(c) / count, epsilon), Inverse(VectorMath.Sum(d) / count, epsilon));
        ref var gain = ref MemoryMarshal.GetReference(scale);
        ref var offset = ref MemoryMarshal.GetReference(shift);
        ref var y0 = ref MemoryMarshal.GetReference(output);
        ref var y1 = ref Unsafe.Add(ref y0, width);
        ref var y2 = ref Unsafe.Add(ref y1, width);
        ref var y3 = ref Unsafe.Add(ref y2, width);
        var units = Vector512.Create(unit);
        for (nuint i = 0; i < width; i += VectorMath.Lanes)
        {
            var (factor, term) = (units + Vector512.LoadUnsafe(ref gain, i), Vector512.LoadUnsafe(ref offset, i));
            Modulated(Vector512.LoadUnsafe(ref x0, i), m0, r0, factor, term).StoreUnsafe(ref y0, i);
            Modulated(Vector512.LoadUnsafe(ref x1, i), m1, r1, factor, term).StoreUnsafe(ref y1, i);
            Modulated(Vector512.LoadUnsafe(ref x2, i), m2, r2, factor, term).StoreUnsafe(ref y2, i);
            Modulated(Vector512.LoadUnsafe(ref x3, i), m3, r3, factor, term).StoreUnsafe(ref y3, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> PlusSquare(Vector512<float> sum, Vector512<float> x, float mean)
    {
        var distance = x - Vector512.Create(mean);
        return Vector512.FusedMultiplyAdd(distance, distance, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Inverse(float variance, float epsilon) => 1 / MathF.Sqrt(variance + epsilon);

    private static float Mean(ReadOnlySpan<float> row)
    {
        ref var x = ref MemoryMarshal.GetReference(row);
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i <= row.Length - VectorMath.Lanes; i += VectorMath.Lanes)
            sum += Vector512.LoadUnsafe(ref x, (nuint)i);
        return (i == row.Length ? VectorMath.Sum(sum) : SumWithTail(sum, row[i..])) / row.Length;
    }

    private static float Variance(ReadOnlySpan<float> row, float mean)
    {
        ref var x = ref MemoryMarshal.GetReference(row);
        var squares = Vector512<float>.Zero;
        var i = 0;
        for (; i <= row.Length - VectorMath.Lanes; i += VectorMath.Lanes)
            squares = PlusSquare(squares, Vector512.LoadUnsafe(ref x, (nuint)i), mean);

        return (i == row.Length ? VectorMath.Sum(squares) : SquaresWithTail(squares, row[i..], mean)) / row.Length;
    }

    // The ragged ends are methods of their own: a sum that lived across their calls would be kept in memory through the loops above.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float SumWithTail(Vector512<float> sum, ReadOnlySpan<float> tail) => VectorMath.Sum(sum + VectorMath.Load(tail));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float SquaresWithTail(Vector512<float> squares, ReadOnlySpan<float> tail, float mean)
    {
        // Lanes past the end hold the mean, so that their distance is 0.
        return VectorMath.Sum(PlusSquare(squares, VectorMath.Load(tail, mean), mean));
    }

    private static void Apply(ReadOnlySpan<float> row, float mean, float inverse, float unit, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, Span<float> output)
    {
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var y = ref MemoryMarshal.GetReference(output);
        ref var gain = ref MemoryMarshal.GetReference(scale);
        ref var offset = ref MemoryMarshal.GetReference(shift);
        var units = Vector512.Create(unit);
        var i = 0;
        for (; i <= row.Length - VectorMath.Lanes; i += VectorMath.Lanes)
        {
            var at = (nuint)i;
            Modulated(Vector512.LoadUnsafe(ref x, at), mean, inverse, units + Vector512.LoadUnsafe(ref gain, at), Vector512.LoadUnsafe(ref offset, at)).StoreUnsafe(ref y, at);
        }

        if (i < row.Length)
            VectorMath.Store(Modulated(VectorMath.Load(row[i..]), mean, inverse, units + VectorMath.Load(scale[i..]), VectorMath.Load(shift[i..])), output[i..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Modulated(Vector512<float> x, float mean, float inverse, Vector512<float> factor, Vector512<float> shift) =>
        Vector512.FusedMultiplyAdd((x - Vector512.Create(mean)) * inverse, factor, shift);

    private readonly unsafe struct Rows(float* x, int width, float unit, float* scale, float* shift, float epsilon, float* y) : IRowWork
    {
        public void Run(int first, int end) => Apply(new ReadOnlySpan<float>(x + (nint)first * width, (end - first) * width), unit,
            new ReadOnlySpan<float>(scale, width), new ReadOnlySpan<float>(shift, width), epsilon, new Span<float>(y + (nint)first * width, (end - first) * width));
    }
}
