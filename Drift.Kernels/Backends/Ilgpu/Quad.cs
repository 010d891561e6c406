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

    /// <summary>The four words at a place that is a multiple of four.</summary>
    public static Lanes4 Load(ArrayView<int> view, int at)
    {
        var quad = view.AsAligned(Bytes).Cast<Quad>()[at / 4];
        return new Lanes4(quad.A, quad.B, quad.C, quad.D);
    }

    /// <inheritdoc cref="Load"/>
    public static void Store(ArrayView<int> view, int at, Lanes4 x) => view.AsAligned(Bytes).Cast<Quad>()[at / 4] = new Quad(x.A, x.B, x.C, x.D);
}
