using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>Residual connections behind a gate.</summary>
public static class GatedSum
{
    /// <summary>x += gate x branch for each row.</summary>
    /// <param name="values">x, [rows, width] row-major; overwritten.</param>
    /// <param name="branch">As long as the values.</param>
    /// <param name="gate">width values.</param>
    /// <exception cref="ArgumentException">A length disagrees with the width.</exception>
    public static void Add(Span<float> values, ReadOnlySpan<float> branch, ReadOnlySpan<float> gate)
    {
        var width = gate.Length;
        if (width == 0 || values.Length % width != 0 || branch.Length != values.Length)
            throw new ArgumentException($"{values.Length} values in rows of {width} do not match a branch of {branch.Length}", nameof(branch));
        ref var factor = ref MemoryMarshal.GetReference(gate);
        for (var start = 0; start < values.Length; start += width)
        {
            ref var x = ref values[start];
            ref readonly var b = ref branch[start];
            var i = 0;
            for (; i <= width - VectorMath.Lanes; i += VectorMath.Lanes)
            {
                var at = (nuint)i;
                Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref factor, at), Vector512.LoadUnsafe(in b, at), Vector512.LoadUnsafe(ref x, at)).StoreUnsafe(ref x, at);
            }

            if (i < width)
            {
                var rest = values[(start + i)..(start + width)];
                VectorMath.Store(Vector512.FusedMultiplyAdd(VectorMath.Load(gate[i..]), VectorMath.Load(branch[(start + i)..(start + width)]), VectorMath.Load(rest)), rest);
            }
        }
    }
}
