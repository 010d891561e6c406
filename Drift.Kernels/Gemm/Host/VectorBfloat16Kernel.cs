using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// The bf16 product without generated code. As <c>vdpbf16ps</c> does, a group adds the product of its second values, then that of its first, each exact before it is added: the same bits
/// unless an operand or a partial sum is subnormal (below 2^-126), which the instruction takes for 0.
/// </summary>
internal sealed unsafe class VectorBfloat16Kernel : MicroKernel
{
    private const int Lanes = MicroTile.Lanes, Half = 16;

    /// <inheritdoc/>
    public override string Name => "vector-bf16";

    /// <inheritdoc/>
    public override int Rows => MicroTile.MostRows;

    /// <inheritdoc/>
    public override int Columns => MicroTile.Columns;

    /// <inheritdoc/>
    public override int NarrowColumns => MicroTile.Columns;

    /// <inheritdoc/>
    public override int Depth => 2;

    /// <inheritdoc/>
    public override int RowGroupBytes => MicroTile.GroupBytes;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void Run(TileCall* call, int rows, int vectors, bool sums, bool check, int above)
    {
        var values = stackalloc float[MicroTile.Columns];
        var columns = BitOperations.PopCount(call->Columns);
        for (var row = 0; row < rows; row++)
        {
            new Span<float>(values, MicroTile.Columns).Clear();
            if (call->Start != null)
                new ReadOnlySpan<float>((byte*)call->Start + row * call->StartStride, columns).CopyTo(new Span<float>(values, columns));
            for (var v = 0; v < vectors; v++)
                Multiply((int*)((byte*)call->A + row * call->AStride), (byte*)call->Panel + v * Lanes * sizeof(float), call->PanelStride, (int)call->Groups, values + v * Lanes);
            if (sums)
                TileSums.Add(call, values, MicroTile.Columns, row, 1, vectors);
            for (var j = 0; j < columns && call->Bias != null; j++)
                values[j] += call->Bias[j];
            new ReadOnlySpan<float>(values, columns).CopyTo(new Span<float>((byte*)call->C + row * call->CStride, columns));
        }
    }

    private static void Multiply(int* a, byte* panel, nint panelStride, int groups, float* values)
    {
        var sum = Vector512.Load(values);
        for (var g = 0; g < groups; g++, panel += panelStride)
        {
            var pair = Vector512.Load((int*)panel);
            sum = Vector512.FusedMultiplyAdd(Second(Vector512.Create(a[g])), Second(pair), sum);
            sum = Vector512.FusedMultiplyAdd(First(Vector512.Create(a[g])), First(pair), sum);
        }

        sum.Store(values);
    }

    private static Vector512<float> First(Vector512<int> pair) => (pair << Half).AsSingle();

    private static Vector512<float> Second(Vector512<int> pair) => (pair & Vector512.Create(-1 << Half)).AsSingle();
}
