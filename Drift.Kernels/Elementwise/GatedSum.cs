using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Residual connections behind a gate.</summary>
public static class GatedSum
{
    /// <summary>x += gate x branch for each row.</summary>
    /// <param name="values">x, [rows, width] row-major; overwritten.</param>
    /// <param name="branch">As long as the values.</param>
    /// <param name="gate">width values.</param>
    public static void Add(Span<float> values, ReadOnlySpan<float> branch, ReadOnlySpan<float> gate)
    {
        var width = gate.Length;
        for (; !values.IsEmpty; values = values[width..], branch = branch[width..])
        {
            for (var i = 0; i < width; i += VectorMath.Lanes)
            {
                var room = values[i..width];
                VectorMath.Store(Vector512.FusedMultiplyAdd(VectorMath.Load(gate[i..]), VectorMath.Load(branch[i..width]), VectorMath.Load(room)), room);
            }
        }
    }
}
