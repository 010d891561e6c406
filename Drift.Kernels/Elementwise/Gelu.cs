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
    public static void Tanh(Span<float> values)
    {
        ref var start = ref MemoryMarshal.GetReference(values);
        var i = 0;
        for (; i <= values.Length - VectorMath.Lanes; i += VectorMath.Lanes)
            Tanh(Vector512.LoadUnsafe(ref start, (nuint)i)).StoreUnsafe(ref start, (nuint)i);
        if (i < values.Length)
            VectorMath.Store(Tanh(VectorMath.Load(values[i..])), values[i..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Tanh(Vector512<float> x)
    {
        var inner = Vector512.FusedMultiplyAdd(x * x, x * Cubic, x);
        return VectorMath.TimesSigmoid(x, inner * (2 * SqrtTwoOverPi));
    }
}
