using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Gaussian error linear units.</summary>
public static class Gelu
{
    private const float SqrtTwoOverPi = 0.7978845608028654f;
    private const float Cubic = 0.044715f;

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
        ref var x = ref MemoryMarshal.GetReference(linear);
        ref var g = ref MemoryMarshal.GetReference(gate);
        ref var y = ref MemoryMarshal.GetReference(output);
        var i = 0;
        for (; i <= output.Length - VectorMath.Lanes; i += VectorMath.Lanes)
            (Vector512.LoadUnsafe(ref x, (nuint)i) * ExactForm.Apply(Vector512.LoadUnsafe(ref g, (nuint)i))).StoreUnsafe(ref y, (nuint)i);
        if (i < output.Length)
            VectorMath.Store(VectorMath.Load(linear[i..]) * ExactForm.Apply(VectorMath.Load(gate[i..])), output[i..]);
    }

    private readonly struct TanhForm : IVectorForm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Apply(Vector512<float> x)
        {
            var inner = Vector512.FusedMultiplyAdd(x * x, x * Cubic, x);
            return VectorMath.TimesSigmoid(x, inner * (2 * SqrtTwoOverPi));
        }
    }

    private readonly struct QuickForm : IVectorForm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Apply(Vector512<float> x) => VectorMath.TimesSigmoid(x, x * 1.702f);
    }

    private readonly struct ExactForm : IVectorForm
    {
        private const float SqrtHalf = 0.7071067811865476f;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Apply(Vector512<float> x)
        {
            // The tail of the distribution beyond |x|: half of t (a1 + t (a2 + ...)) e^-z^2, with t = 1 / (1 + p z) and z = |x| / sqrt 2.
            var z = Vector512.Abs(x) * SqrtHalf;
            var t = Vector512<float>.One / Vector512.FusedMultiplyAdd(z, Vector512.Create(0.3275911f), Vector512<float>.One);
            var sum = Vector512.FusedMultiplyAdd(t, Vector512.Create(1.061405429f), Vector512.Create(-1.453152027f));
            sum = Vector512.FusedMultiplyAdd(t, sum, Vector512.Create(1.421413741f));
            sum = Vector512.FusedMultiplyAdd(t, sum, Vector512.Create(-0.284496736f));
            sum = Vector512.FusedMultiplyAdd(t, sum, Vector512.Create(0.254829592f));
            var tail = t * sum * 0.5f * VectorMath.ExpOfNonPositive(-z * z);
            return x * Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), tail, Vector512<float>.One - tail);
        }
    }
}
