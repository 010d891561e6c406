using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// A warp's 16 x 8 x 32 INT8 multiply-accumulate on the tensor cores of an NVIDIA GPU from sm_80 on. Lane l, with g = l / 4 and t = l % 4, holds of A [16, 32] the words (four k
/// each, low byte first) of rows g, g + 8, g, g + 8 at k = 4 t, 4 t, 4 t + 16, 4 t + 16; of B [32, 8] those of column g at k = 4 t and 4 t + 16; of C [16, 8] rows g, g, g + 8,
/// g + 8 at columns 2 t, 2 t + 1, 2 t, 2 t + 1 (PTX ISA, "Matrix Fragments for mma.m16n8k32").
/// </summary>
internal static class TensorCores
{
    /// <summary>c + a b, modulo 2^32.</summary>
    /// <param name="c">The lane's four accumulators.</param>
    /// <param name="a">The lane's four words of A.</param>
    /// <param name="low">The lane's word of B at k = 4 t.</param>
    /// <param name="high">The lane's word of B at k = 4 t + 16.</param>
    public static Lanes4 MultiplyAdd(Lanes4 c, Lanes4 a, int low, int high)
    {
        Ref<int> c0 = c.A, c1 = c.B, c2 = c.C, c3 = c.D;
        Input<int> a0 = a.A, a1 = a.B, a2 = a.C, a3 = a.D, b0 = low, b1 = high;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};",
            ref c0, ref c1, ref c2, ref c3, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1);
        return new Lanes4(c0.Value, c1.Value, c2.Value, c3.Value);
    }
}
