using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>A function of one value, of four vectors at a time: see <see cref="FourVectors"/>.</summary>
internal interface IVectorForm
{
    /// <summary>The function of each lane, in its place.</summary>
    static abstract void Apply(ref Vector512<float> x0, ref Vector512<float> x1, ref Vector512<float> x2, ref Vector512<float> x3);
}

/// <summary>Applies a function to values, from one place to another or in place.</summary>
internal static class VectorForm
{
    /// <summary>On threads.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="output">As many; may be the same.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static unsafe void Apply<TForm>(ReadOnlySpan<float> values, Span<float> output, int threads)
        where TForm : IVectorForm
    {
        if (output.Length != values.Length)
            throw new ArgumentException($"{values.Length} values do not fit {output.Length} places", nameof(output));
        fixed (float* from = values, to = output)
            // Whole steps a share, so that only the last has a ragged end.
            RowShare.Run((values.Length + FourVectors.Values - 1) / FourVectors.Values, FourVectors.Values, threads, new Vectors<TForm>(values.Length, from, to));
    }

    /// <summary>On this thread.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="output">As many; may be the same.</param>
    // Not inlined itself: how much is inlined into a loop grows with the method around it, and a form is a long one.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Apply<TForm>(ReadOnlySpan<float> values, Span<float> output)
        where TForm : IVectorForm
    {
        ref var x = ref MemoryMarshal.GetReference(values);
        ref var y = ref MemoryMarshal.GetReference(output);
        var i = 0;
        for (; i <= values.Length - FourVectors.Values; i += FourVectors.Values)
        {
            var (x0, x1) = (Vector512.LoadUnsafe(ref x, (nuint)i), Vector512.LoadUnsafe(ref x, (nuint)i + VectorMath.Lanes));
            var (x2, x3) = (Vector512.LoadUnsafe(ref x, (nuint)i + 2 * VectorMath.Lanes), Vector512.LoadUnsafe(ref x, (nuint)i + 3 * VectorMath.Lanes));
            TForm.Apply(ref x0, ref x1, ref x2, ref x3);
            x0.StoreUnsafe(ref y, (nuint)i);
            x1.StoreUnsafe(ref y, (nuint)i + VectorMath.Lanes);
            x2.StoreUnsafe(ref y, (nuint)i + 2 * VectorMath.Lanes);
            x3.StoreUnsafe(ref y, (nuint)i + 3 * VectorMath.Lanes);
        }

        if (i < values.Length)
            Rest<TForm>(values[i..], output[i..]);
    }

    /// <summary>Fewer values than four vectors hold, on a copy.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Rest<TForm>(ReadOnlySpan<float> values, Span<float> output)
        where TForm : IVectorForm
    {
        Span<float> copy = stackalloc float[FourVectors.Values];
        copy.Clear();
        values.CopyTo(copy);
        Apply<TForm>(copy, copy);
        copy[..values.Length].CopyTo(output);
    }

    private readonly unsafe struct Vectors<TForm>(int count, float* x, float* y) : IRowWork
        where TForm : IVectorForm
    {
        public void Run(int first, int end)
        {
            var (start, stop) = (first * FourVectors.Values, Math.Min(count, end * FourVectors.Values));
            Apply<TForm>(new ReadOnlySpan<float>(x + start, stop - start), new Span<float>(y + start, stop - start));
        }
    }
}
