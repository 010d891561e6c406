using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Four fp32 that travel as one 128-bit access.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal readonly struct FloatQuad(float a, float b, float c, float d)
{
    private const int Bytes = 16;

    public readonly float A = a, B = b, C = c, D = d;

    /// <summary>Values, a multiple of four of them, as quads.</summary>
    public static ArrayView<FloatQuad> In(ArrayView<float> values) => values.AsAligned(Bytes).Cast<FloatQuad>();

    /// <summary>The four values.</summary>
    public static FloatLanes4 Lanes(FloatQuad quad) => new(quad.A, quad.B, quad.C, quad.D);

    /// <summary>The four values at a place that is a multiple of four.</summary>
    public static FloatLanes4 Load(ArrayView<float> view, int at) => Lanes(In(view)[at / 4]);

    /// <inheritdoc cref="Load"/>
    public static void Store(ArrayView<float> view, int at, FloatLanes4 x) => In(view)[at / 4] = new FloatQuad(x.A, x.B, x.C, x.D);
}

/// <summary>Two fp32 that travel as one 64-bit access.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct FloatPair(float a, float b)
{
    private const int Bytes = 8;

    public readonly float A = a, B = b;

    /// <summary>Values, a multiple of two of them, as pairs.</summary>
    public static ArrayView<FloatPair> In(ArrayView<float> values) => values.AsAligned(Bytes).Cast<FloatPair>();
}
