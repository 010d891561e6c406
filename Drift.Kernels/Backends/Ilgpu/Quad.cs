using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Four words that travel as one 128-bit access.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal readonly struct Quad(int a, int b, int c, int d)
{
    private const int Bytes = 16;

    public readonly int A = a, B = b, C = c, D = d;

    /// <summary>Words, a multiple of four of them, as quads.</summary>
    public static ArrayView<Quad> In(ArrayView<int> words) => words.AsAligned(Bytes).Cast<Quad>();

    /// <summary>The four words.</summary>
    public static Lanes4 Lanes(Quad quad) => new(quad.A, quad.B, quad.C, quad.D);

    /// <summary>The four words at a place that is a multiple of four.</summary>
    public static Lanes4 Load(ArrayView<int> view, int at) => Lanes(In(view)[at / 4]);

    /// <inheritdoc cref="Load"/>
    public static void Store(ArrayView<int> view, int at, Lanes4 x) => In(view)[at / 4] = new Quad(x.A, x.B, x.C, x.D);
}
