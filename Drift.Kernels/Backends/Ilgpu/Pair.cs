using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Two words that travel as one 64-bit access.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Pair(int a, int b)
{
    private const int Bytes = 8;

    public readonly int A = a, B = b;

    /// <summary>Stores two words at an even place.</summary>
    public static void Store(ArrayView<int> view, int at, int a, int b) => view.AsAligned(Bytes).Cast<Pair>()[at / 2] = new Pair(a, b);
}
