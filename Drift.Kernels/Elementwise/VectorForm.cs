using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>A function of one value, sixteen at a time.</summary>
internal interface IVectorForm
{
    /// <summary>The function of each lane.</summary>
    static abstract Vector512<float> Apply(Vector512<float> x);
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
            // Whole vectors a share, so that only the last has a ragged end.
            RowShare.Run((values.Length + VectorMath.Lanes - 1) / VectorMath.Lanes, VectorMath.Lanes, threads, new Vectors<TForm>(values.Length, from, to));
    }

    /// <summary>On this thread.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="output">As many; may be the same.</param>
    public static void Apply<TForm>(ReadOnlySpan<float> values, Span<float> output)
        where TForm : IVectorForm
    {
        ref var x = ref MemoryMarshal.GetReference(values);
        ref var y = ref MemoryMarshal.GetReference(output);
        var i = 0;
        for (; i <= values.Length - VectorMath.Lanes; i += VectorMath.Lanes)
            TForm.Apply(Vector512.LoadUnsafe(ref x, (nuint)i)).StoreUnsafe(ref y, (nuint)i);
        if (i < values.Length)
            VectorMath.Store(TForm.Apply(VectorMath.Load(values[i..])), output[i..]);
    }

    private readonly unsafe struct Vectors<TForm>(int count, float* x, float* y) : IRowWork
        where TForm : IVectorForm
    {
        public void Run(int first, int end)
        {
            var (start, stop) = (first * VectorMath.Lanes, Math.Min(count, end * VectorMath.Lanes));
            Apply<TForm>(new ReadOnlySpan<float>(x + start, stop - start), new Span<float>(y + start, stop - start));
        }
    }
}
