using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Gaussian error linear units.</summary>
public static class Gelu
{
    private const float SqrtTwoOverPi = 0.7978845608028654f;
    private const float Cubic = 0.044715f;
    private const int Shares = 1024;

    /// <summary>
    /// The tanh approximation, in place: 0.5 x (1 + tanh(u)) with u = sqrt(2 / pi) (x + 0.044715 x^3) (Hendrycks and Gimpel, arXiv 1606.08415), written as
    /// x / (1 + e^-2u).
    /// </summary>
    /// <param name="values">Any values; overwritten.</param>
    public static void Tanh(Span<float> values) => VectorForm.Apply<TanhForm>(values, values, 1);

    /// <summary>As <see cref="Tanh(Span{float})"/>, from one place to another.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="output">As many; may be the same.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Tanh(ReadOnlySpan<float> values, Span<float> output, int threads = 1) => VectorForm.Apply<TanhForm>(values, output, threads);

    /// <summary>
    /// x times the normal distribution function of x, in place, within 1e-7 |x|: the error function by Abramowitz and Stegun, "Handbook of mathematical functions",
    /// 7.1.26.
    /// </summary>
    /// <param name="values">Any values; overwritten.</param>
    public static void Exact(Span<float> values) => VectorForm.Apply<ExactForm>(values, values, 1);

    /// <summary>As <see cref="Exact(Span{float})"/>, from one place to another.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="output">As many; may be the same.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Exact(ReadOnlySpan<float> values, Span<float> output, int threads = 1) => VectorForm.Apply<ExactForm>(values, output, threads);

    /// <summary>The sigmoid approximation, in place: x / (1 + e^-1.702x) (Hendrycks and Gimpel; CLIP's "quick GELU").</summary>
    /// <param name="values">Any values; overwritten.</param>
    public static void Quick(Span<float> values) => VectorForm.Apply<QuickForm>(values, values, 1);

    /// <summary>As <see cref="Quick(Span{float})"/>, from one place to another.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="output">As many; may be the same.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Quick(ReadOnlySpan<float> values, Span<float> output, int threads = 1) => VectorForm.Apply<QuickForm>(values, output, threads);

    /// <summary>Each row's first half times the exact GELU of its second half: GEGLU (Shazeer, arXiv 2002.05202).</summary>
    /// <param name="values">[rows, 2 width].</param>
    /// <param name="width">Values of half a row.</param>
    /// <param name="output">[rows, width], overwritten.</param>
    /// <exception cref="ArgumentException">A length disagrees with the width.</exception>
    public static void Gate(ReadOnlySpan<float> values, int width, Span<float> output)
    {
        if (width < 1 || values.Length % (2 * width) != 0 || 2 * output.Length != values.Length)
            throw new ArgumentException($"{values.Length} values are not pairs of rows of {width} for an output of {output.Length}", nameof(values));
        for (var start = 0; start < output.Length; start += width)
            GateRow(values.Slice(2 * start, width), values.Slice(2 * start + width, width), output.Slice(start, width));
    }

    private static void GateRow(ReadOnlySpan<float> linear, ReadOnlySpan<float> gate, Span<float> output)
    {
        // The gate's share first, which stays in the first-level cache until it is multiplied.
        Span<float> share = stackalloc float[Shares];
        for (var first = 0; first < output.Length; first += Shares)
        {
            var count = Math.Min(Shares, output.Length - first);
            VectorForm.Apply<ExactForm>(gate.Slice(first, count), share[..count]);
            Activation.Multiply(share[..count], linear.Slice(first, count));
            share[..count].CopyTo(output[first..]);
        }
    }

    private readonly struct TanhForm : IVectorForm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(ref Vector512<float> x0, ref Vector512<float> x1, ref Vector512<float> x2, ref Vector512<float> x3) =>
            FourVectors.TimesSigmoid(ref x0, ref x1, ref x2, ref x3, Inner(x0), Inner(x1), Inner(x2), Inner(x3));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Inner(Vector512<float> x) => Vector512.FusedMultiplyAdd(x * x, x * Cubic, x) * (2 * SqrtTwoOverPi);
    }

    private readonly struct QuickForm : IVectorForm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(ref Vector512<float> x0, ref Vector512<float> x1, ref Vector512<float> x2, ref Vector512<float> x3) =>
            FourVectors.TimesSigmoid(ref x0, ref x1, ref x2, ref x3, x0 * 1.702f, x1 * 1.702f, x2 * 1.702f, x3 * 1.702f);
    }

    private readonly struct ExactForm : IVectorForm
    {
        private const float SqrtHalf = 0.7071067811865476f, Half = 0.5f;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(ref Vector512<float> x0, ref Vector512<float> x1, ref Vector512<float> x2, ref Vector512<float> x3)
        {
            // The tail of the distribution beyond |x|: half of t (a1 + t (a2 + ...)) e^-z^2, with t = 1 / (1 + p z) and z = |x| / sqrt 2. Halving is exact, so the coefficients are halved.
            var (z0, z1, z2, z3) = (Vector512.Abs(x0) * SqrtHalf, Vector512.Abs(x1) * SqrtHalf, Vector512.Abs(x2) * SqrtHalf, Vector512.Abs(x3) * SqrtHalf);
            Vector512<float> p = Vector512.Create(0.3275911f), one = Vector512<float>.One;
            var (t0, t1) = (one / Vector512.FusedMultiplyAdd(z0, p, one), one / Vector512.FusedMultiplyAdd(z1, p, one));
            var (t2, t3) = (one / Vector512.FusedMultiplyAdd(z2, p, one), one / Vector512.FusedMultiplyAdd(z3, p, one));
            (z0, z1, z2, z3) = (-z0 * z0, -z1 * z1, -z2 * z2, -z3 * z3);
            FourVectors.ExpOfNonPositive(ref z0, ref z1, ref z2, ref z3);
            Vector512<float> s0 = Vector512.Create(Half * 1.061405429f), s1 = s0, s2 = s0, s3 = s0;
            FourVectors.Horner(ref s0, ref s1, ref s2, ref s3, t0, t1, t2, t3, Vector512.Create(Half * -1.453152027f));
            FourVectors.Horner(ref s0, ref s1, ref s2, ref s3, t0, t1, t2, t3, Vector512.Create(Half * 1.421413741f));
            FourVectors.Horner(ref s0, ref s1, ref s2, ref s3, t0, t1, t2, t3, Vector512.Create(Half * -0.284496736f));
            FourVectors.Horner(ref s0, ref s1, ref s2, ref s3, t0, t1, t2, t3, Vector512.Create(Half * 0.254829592f));
            x0 *= Share(x0, t0 * s0 * z0);
            x1 *= Share(x1, t1 * s1 * z1);
            x2 *= Share(x2, t2 * s2 * z2);
            x3 *= Share(x3, t3 * s3 * z3);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Share(Vector512<float> x, Vector512<float> tail) =>
            Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), tail, Vector512<float>.One - tail);
    }
}
