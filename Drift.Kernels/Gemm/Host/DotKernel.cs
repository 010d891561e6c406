using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>What the C# micro-kernels share: the groups of A are brought into the dot's form on the stack, then a register tile runs over them.</summary>
/// <typeparam name="TVector">Vector of 32-bit lanes.</typeparam>
/// <typeparam name="TDot">The dot instruction.</typeparam>
internal abstract unsafe class DotKernel<TVector, TDot>(string name, int rows, int lanes) : Int8Kernel
    where TDot : struct, IDot<TVector>
{
    // The stack buffer of one call: 6 rows x 512 groups x 4 bytes is 12 KiB.
    private const int MostGroups = 512;

    /// <inheritdoc/>
    public sealed override string Name => name;

    /// <inheritdoc/>
    public sealed override int Rows => rows;

    /// <inheritdoc/>
    public sealed override int Columns => 2 * lanes;

    /// <inheritdoc/>
    public sealed override int NarrowColumns => 2 * lanes;

    /// <inheritdoc/>
    public sealed override int Depth => TDot.Depth;

    /// <inheritdoc/>
    public sealed override int PackGroup(ReadOnlySpan<sbyte> weights) => TDot.Pack(weights);

    /// <inheritdoc/>
    public sealed override int InitialValue(int weightSum) => unchecked(TDot.Offset * weightSum);

    /// <inheritdoc/>
    [SkipLocalsInit]
    public sealed override void Run(TileCall* call, int rows, int vectors, bool sums, bool check, int above)
    {
        var gathered = stackalloc int[Rows * MostGroups];
        int* start = (int*)call->Start, c = (int*)call->C;
        nint startStride = call->StartStride / sizeof(int), cStride = call->CStride / sizeof(int);
        var zeros = stackalloc int[Columns];
        if (start == null)
            new Span<int>(start = zeros, Columns).Clear();
        for (var first = 0; first < (int)call->Groups; first += MostGroups)
        {
            var count = Math.Min(MostGroups, (int)call->Groups - first);
            for (var row = 0; row < rows; row++)
            {
                var source = (sbyte*)call->A + row * call->AStride + (nint)first * TDot.Depth;
                TDot.Gather(new ReadOnlySpan<sbyte>(source, count * TDot.Depth), new Span<int>(gathered + row * MostGroups, count));
            }

            // Missing rows repeat the last one; their results are not stored.
            for (var row = rows; row < Rows; row++)
                new ReadOnlySpan<int>(gathered + (rows - 1) * MostGroups, count).CopyTo(new Span<int>(gathered + row * MostGroups, count));
            Tile(gathered, MostGroups, (int*)call->Panel + (nint)first * Columns, count, start, startStride, c, cStride, rows);
            start = c;
            startStride = cStride;
        }

        if (sums)
            TileSums.Add(call, rows);
    }

    /// <summary>The register tile: all rows are computed, the first <paramref name="rows"/> stored.</summary>
    protected abstract void Tile(int* a, int aStride, int* panel, int groups, int* start, nint startStride, int* c, nint cStride, int rows);
}

/// <summary>6 x 32 accumulators in 512-bit registers.</summary>
internal sealed unsafe class DotKernel512<TDot>(string name) : DotKernel<Vector512<int>, TDot>(name, MostRows, Vector512<int>.Count)
    where TDot : struct, IDot<Vector512<int>>
{
    private const int MostRows = 6;

    /// <inheritdoc/>
    protected override void Tile(int* a, int aStride, int* panel, int groups, int* start, nint startStride, int* c, nint cStride, int rows)
    {
        int* a0 = a, a1 = a0 + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride;
        Vector512<int> c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51;
        (c00, c01) = Load(start, startStride, 0, rows);
        (c10, c11) = Load(start, startStride, 1, rows);
        (c20, c21) = Load(start, startStride, 2, rows);
        (c30, c31) = Load(start, startStride, 3, rows);
        (c40, c41) = Load(start, startStride, 4, rows);
        (c50, c51) = Load(start, startStride, 5, rows);
        for (var g = 0; g < groups; g++, panel += 32)
        {
            var b0 = Vector512.Load(panel);
            var b1 = Vector512.Load(panel + 16);
            var v = Vector512.Create(a0[g]);
            c00 = TDot.Add(c00, v, b0);
            c01 = TDot.Add(c01, v, b1);
            v = Vector512.Create(a1[g]);
            c10 = TDot.Add(c10, v, b0);
            c11 = TDot.Add(c11, v, b1);
            v = Vector512.Create(a2[g]);
            c20 = TDot.Add(c20, v, b0);
            c21 = TDot.Add(c21, v, b1);
            v = Vector512.Create(a3[g]);
            c30 = TDot.Add(c30, v, b0);
            c31 = TDot.Add(c31, v, b1);
            v = Vector512.Create(a4[g]);
            c40 = TDot.Add(c40, v, b0);
            c41 = TDot.Add(c41, v, b1);
            v = Vector512.Create(a5[g]);
            c50 = TDot.Add(c50, v, b0);
            c51 = TDot.Add(c51, v, b1);
        }

        Store(c, cStride, 0, rows, c00, c01);
        Store(c, cStride, 1, rows, c10, c11);
        Store(c, cStride, 2, rows, c20, c21);
        Store(c, cStride, 3, rows, c30, c31);
        Store(c, cStride, 4, rows, c40, c41);
        Store(c, cStride, 5, rows, c50, c51);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<int>, Vector512<int>) Load(int* start, nint stride, int row, int rows)
    {
        var p = start + Math.Min(row, rows - 1) * stride;
        return (Vector512.Load(p), Vector512.Load(p + 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(int* c, nint stride, int row, int rows, Vector512<int> low, Vector512<int> high)
    {
        if (row >= rows)
            return;
        low.Store(c + row * stride);
        high.Store(c + row * stride + 16);
    }
}

/// <summary>4 x 16 accumulators in 256-bit registers.</summary>
internal sealed unsafe class DotKernel256<TDot>(string name) : DotKernel<Vector256<int>, TDot>(name, MostRows, Vector256<int>.Count)
    where TDot : struct, IDot<Vector256<int>>
{
    private const int MostRows = 4;

    /// <inheritdoc/>
    protected override void Tile(int* a, int aStride, int* panel, int groups, int* start, nint startStride, int* c, nint cStride, int rows)
    {
        int* a0 = a, a1 = a0 + aStride, a2 = a1 + aStride, a3 = a2 + aStride;
        Vector256<int> c00, c01, c10, c11, c20, c21, c30, c31;
        (c00, c01) = Load(start, startStride, 0, rows);
        (c10, c11) = Load(start, startStride, 1, rows);
        (c20, c21) = Load(start, startStride, 2, rows);
        (c30, c31) = Load(start, startStride, 3, rows);
        for (var g = 0; g < groups; g++, panel += 16)
        {
            var b0 = Vector256.Load(panel);
            var b1 = Vector256.Load(panel + 8);
            var v = Vector256.Create(a0[g]);
            c00 = TDot.Add(c00, v, b0);
            c01 = TDot.Add(c01, v, b1);
            v = Vector256.Create(a1[g]);
            c10 = TDot.Add(c10, v, b0);
            c11 = TDot.Add(c11, v, b1);
            v = Vector256.Create(a2[g]);
            c20 = TDot.Add(c20, v, b0);
            c21 = TDot.Add(c21, v, b1);
            v = Vector256.Create(a3[g]);
            c30 = TDot.Add(c30, v, b0);
            c31 = TDot.Add(c31, v, b1);
        }

        Store(c, cStride, 0, rows, c00, c01);
        Store(c, cStride, 1, rows, c10, c11);
        Store(c, cStride, 2, rows, c20, c21);
        Store(c, cStride, 3, rows, c30, c31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<int>, Vector256<int>) Load(int* start, nint stride, int row, int rows)
    {
        var p = start + Math.Min(row, rows - 1) * stride;
        return (Vector256.Load(p), Vector256.Load(p + 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(int* c, nint stride, int row, int rows, Vector256<int> low, Vector256<int> high)
    {
        if (row >= rows)
            return;
        low.Store(c + row * stride);
        high.Store(c + row * stride + 8);
    }
}
