using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>fp32 weights W [N, K], packed for <see cref="FloatGemm"/>: panels of 32 columns, [K][32] each, the last padded with zeros.</summary>
public sealed class FloatWeights
{
    internal const int PanelColumns = 32;
    private const int Square = 8, Line = 64, RowsOfFold = 16;

    // Rows of a strided operand are asked for before they are copied: each begins a stretch that the processor does not foresee.
    private const int RowsAhead = 12;

    private readonly Tensor _panels;

    /// <summary>Room for weights of a shape, to be filled by <see cref="Fill"/>.</summary>
    /// <param name="n">Output features, at least 1.</param>
    /// <param name="k">Input features, at least 1.</param>
    /// <param name="workspace">
    /// Lends the memory where operands change from call to call, as in attention: the weights are then valid until its scope ends. Null for memory of their own.
    /// </param>
    public FloatWeights(int n, int k, Workspace? workspace = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        (N, K) = (n, k);
        Groups = k;
        var columns = (n + PanelColumns - 1) / PanelColumns * PanelColumns;
        _panels = workspace?.Rent(columns, k) ?? new Tensor(columns, k);
    }

    /// <summary>Room for bf16 weights, which a group of a column holds two of.</summary>
    private FloatWeights(int n, int k, int groups)
        : this(n, groups) => (K, Groups, Type) = (k, groups, DotType.Bfloat16);

    /// <summary>Output features.</summary>
    public int N { get; }

    /// <summary>Input features.</summary>
    public int K { get; }

    /// <summary>Edge of the checksum tiles that these were packed for; 0 for none.</summary>
    public int Tile => Checks?.Tile ?? 0;

    /// <summary>The summed rows of W; null where these were packed without.</summary>
    internal FloatWeightChecks? Checks { get; init; }

    internal Span<float> Panels => _panels.Span;

    /// <summary>What micro-kernels make of the panels.</summary>
    internal DotType Type { get; } = DotType.Float;

    /// <summary>Groups of K in a column.</summary>
    internal int Groups { get; }

    /// <summary>Weights rounded to bf16.</summary>
    internal static unsafe FloatWeights Rounded(ReadOnlySpan<float> weights, int n, int k)
    {
        var packed = new FloatWeights(n, k, Bfloat16Rows.Groups(k));
        var line = new int[packed.Groups];
        var panels = MemoryMarshal.Cast<float, int>(packed.Panels);
        fixed (float* source = weights)
        fixed (int* groups = line)
        {
            for (var j = 0; j < n; j++)
            {
                Bfloat16Rows.Pack(source + (long)j * k, k, groups);
                for (var g = 0; g < line.Length; g++)
                    panels[j / PanelColumns * PanelColumns * packed.Groups + g * PanelColumns + j % PanelColumns] = line[g];
            }
        }

        return packed;
    }

    /// <summary>The panels as micro-kernels take them.</summary>
    /// <param name="pinned">Where <see cref="Panels"/> is pinned.</param>
    internal unsafe PackedPanels Pack(float* pinned) => new(pinned, Groups, (N + PanelColumns - 1) / PanelColumns * PanelColumns, PanelColumns, null);

    /// <summary>Packs values from any strided layout: W(j, p) is at j x <paramref name="columnStride"/> + p x <paramref name="depthStride"/>.</summary>
    /// <param name="source">The values.</param>
    /// <param name="columnStride">Values between output features.</param>
    /// <param name="depthStride">Values between input features.</param>
    public void Fill(ReadOnlySpan<float> source, int columnStride, int depthStride)
    {
        if (columnStride == 1)
        {
            FillRows(source, depthStride, N, []);
            return;
        }

        for (var column = 0; column < N; column += PanelColumns)
            FillPanel(column, source, columnStride, depthStride);
    }

    /// <summary>Packs one panel as <see cref="Fill"/> does.</summary>
    /// <param name="column">Its first output feature.</param>
    /// <param name="source">The values of all.</param>
    /// <param name="columnStride">Values between output features.</param>
    /// <param name="depthStride">Values between input features.</param>
    internal void FillPanel(int column, ReadOnlySpan<float> source, int columnStride, int depthStride)
    {
        var panel = Panels.Slice(column * K, PanelColumns * K);
        var width = Math.Min(PanelColumns, N - column);
        if (width < PanelColumns)
            panel.Clear();
        // The last element read is checked once, so that the transposition itself runs unchecked.
        _ = source[(column + width - 1) * columnStride + (K - 1) * depthStride];
        ref var from = ref Unsafe.Add(ref MemoryMarshal.GetReference(source), column * columnStride);
        ref var to = ref MemoryMarshal.GetReference(panel);
        var (wholeColumns, wholeDepth) = depthStride == 1 && Avx.IsSupported ? (width / Square * Square, K / Square * Square) : (0, 0);
        for (nint p = 0; p < wholeDepth; p += Square)
        {
            for (nint j = 0; j < wholeColumns; j += Square)
            {
                if (p % (Line / sizeof(float)) == 0)
                    Fetch(ref Unsafe.Add(ref from, (PanelColumns + j) * columnStride + p), columnStride);
                Transpose(ref Unsafe.Add(ref from, j * columnStride + p), columnStride, ref Unsafe.Add(ref to, p * PanelColumns + j));
            }
        }

        for (nint p = 0; p < K; p++)
        {
            for (nint j = p < wholeDepth ? wholeColumns : 0; j < width; j++)
                Unsafe.Add(ref to, p * PanelColumns + j) = Unsafe.Add(ref from, j * columnStride + p * depthStride);
        }
    }

    /// <summary>Packs values whose output features stand side by side: a row of the source is a row of every panel.</summary>
    /// <param name="source">W(j, p) at j + p x <paramref name="stride"/>.</param>
    /// <param name="stride">Values between rows.</param>
    /// <param name="columns">Output features that the source has, at most all; the others are 0.</param>
    /// <param name="sums">Takes the sum of each row, in sixteen lanes, folded as <see cref="RowLanes"/> has it; empty for nobody.</param>
    internal unsafe void FillRows(ReadOnlySpan<float> source, int stride, int columns, Span<float> sums)
    {
        _ = source[(K - 1) * stride + columns - 1];
        Panels[(columns / PanelColumns * PanelColumns * K)..].Clear();
        float* lanes = stackalloc float[RowsOfFold * MicroTile.Lanes], folded = stackalloc float[RowsOfFold];
        int whole = columns / MicroTile.Lanes * MicroTile.Lanes, rest = columns - whole;
        // A ragged end is read with what follows it, where something does, and what does not belong to it is taken away.
        var (there, covered) = (Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(rest)).AsSingle(), source.Length - whole - MicroTile.Lanes);
        nint panel = (nint)PanelColumns * K, ragged = whole / PanelColumns * panel + whole % PanelColumns;
        fixed (float* first = source, panels = Panels)
        {
            for (var p = 0; p < K; p++)
            {
                float* from = first + (nint)p * stride, to = panels + p * PanelColumns;
                for (nint ahead = 0; ahead < columns && Sse.IsSupported; ahead += Line / sizeof(float))
                    Sse.Prefetch0(from + RowsAhead * (nint)stride + ahead);
                var sum = Vector512<float>.Zero;
                nint column = 0, target = 0;
                for (; column <= whole - PanelColumns; column += PanelColumns, target += panel)
                {
                    var (low, high) = (Vector512.Load(from + column), Vector512.Load(from + column + MicroTile.Lanes));
                    low.Store(to + target);
                    high.Store(to + target + MicroTile.Lanes);
                    sum = sum + low + high;
                }

                if (column < whole)
                {
                    var low = Vector512.Load(from + column);
                    low.Store(to + target);
                    sum += low;
                }

                if (rest > 0)
                {
                    var values = p * (nint)stride <= covered ? Vector512.Load(from + whole) & there : VectorMath.Load(new ReadOnlySpan<float>(from + whole, rest));
                    values.Store(to + ragged);
                    sum += values;
                }

                if (sums.IsEmpty)
                    continue;
                sum.Store(lanes + p % RowsOfFold * MicroTile.Lanes);
                if (p % RowsOfFold == RowsOfFold - 1 || p == K - 1)
                    Fold(lanes, folded, p, sums);
            }
        }
    }

    /// <summary>The sum of each row of the panels, as <see cref="FillRows"/> has it.</summary>
    /// <param name="sums">Takes them; empty for nobody.</param>
    internal unsafe void SumRows(Span<float> sums)
    {
        float* lanes = stackalloc float[RowsOfFold * MicroTile.Lanes], folded = stackalloc float[RowsOfFold];
        fixed (float* panels = Panels)
        {
            for (var p = 0; p < K && !sums.IsEmpty; p++)
            {
                var sum = Vector512<float>.Zero;
                for (var column = 0; column < N; column += MicroTile.Lanes)
                    sum += Vector512.Load(panels + (nint)(column / PanelColumns * PanelColumns) * K + p * PanelColumns + column % PanelColumns);
                sum.Store(lanes + p % RowsOfFold * MicroTile.Lanes);
                if (p % RowsOfFold == RowsOfFold - 1 || p == K - 1)
                    Fold(lanes, folded, p, sums);
            }
        }
    }

    /// <summary>Sets one output feature.</summary>
    /// <param name="column">Which.</param>
    /// <param name="values">Its K values.</param>
    internal void SetColumn(int column, ReadOnlySpan<float> values)
    {
        var panel = Panels.Slice(column / PanelColumns * PanelColumns * K, PanelColumns * K);
        for (var p = 0; p < K; p++)
            panel[p * PanelColumns + column % PanelColumns] = values[p];
    }

    /// <summary>The sums of the rows up to one, from their lanes.</summary>
    private static unsafe void Fold(float* lanes, float* folded, int last, Span<float> sums)
    {
        RowLanes.Fold(lanes, RowsOfFold, folded, 1);
        new ReadOnlySpan<float>(folded, last % RowsOfFold + 1).CopyTo(sums[(last / RowsOfFold * RowsOfFold)..]);
    }

    /// <summary>Asks for a line of eight rows, whether they exist or not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Fetch(ref float from, nint stride)
    {
        // An address that is only asked for may move meanwhile.
        var line = (float*)Unsafe.AsPointer(ref from);
        for (var row = 0; row < Square; row++, line += stride)
            Sse.Prefetch0(line);
    }

    /// <summary>Eight rows of eight values become eight rows of a panel: pairs, then quarters, then halves change places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref float from, nint stride, ref float to)
    {
        var (a0, a1) = Interleave(Row(ref from, 0), Row(ref from, stride));
        var (a2, a3) = Interleave(Row(ref from, 2 * stride), Row(ref from, 3 * stride));
        var (a4, a5) = Interleave(Row(ref from, 4 * stride), Row(ref from, 5 * stride));
        var (a6, a7) = Interleave(Row(ref from, 6 * stride), Row(ref from, 7 * stride));
        var (b0, b1) = Quarters(a0, a2);
        var (b2, b3) = Quarters(a1, a3);
        var (b4, b5) = Quarters(a4, a6);
        var (b6, b7) = Quarters(a5, a7);
        Halves(b0, b4, ref to, 0);
        Halves(b1, b5, ref to, 1);
        Halves(b2, b6, ref to, 2);
        Halves(b3, b7, ref to, 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Row(ref float from, nint at) => Vector256.LoadUnsafe(ref Unsafe.Add(ref from, at));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Low, Vector256<float> High) Interleave(Vector256<float> a, Vector256<float> b) => (Avx.UnpackLow(a, b), Avx.UnpackHigh(a, b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Low, Vector256<float> High) Quarters(Vector256<float> a, Vector256<float> b) => (Avx.Shuffle(a, b, 0x44), Avx.Shuffle(a, b, 0xEE));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(Vector256<float> a, Vector256<float> b, ref float to, int row)
    {
        Avx.Permute2x128(a, b, 0x20).StoreUnsafe(ref to, (nuint)(row * PanelColumns));
        Avx.Permute2x128(a, b, 0x31).StoreUnsafe(ref to, (nuint)((row + Square / 2) * PanelColumns));
    }
}
