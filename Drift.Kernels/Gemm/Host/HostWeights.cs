using System.Runtime.InteropServices;

namespace Drift.Kernels;

/// <summary>Weights packed into panels of the micro-kernel's width: N columns, then two digit columns a tile, then two of its moments where they are wanted; with each column's starting value.</summary>
internal sealed unsafe class HostWeights : GemmWeights
{
    private const int Alignment = 64;
    private int* _panels;
    private int* _start;

    public HostWeights(Int8Kernel kernel, ReadOnlySpan<sbyte> weights, int n, int k, int tile, bool moments)
        : base(n, k, tile, moments)
    {
        Kernel = kernel;
        var plain = tile == 0 ? 0 : 2 * ((n + tile - 1) / tile);
        var digits = moments ? 2 * plain : plain;
        Stride = PaddedColumns(kernel, n + digits);
        Groups = (k + kernel.Depth - 1) / kernel.Depth;
        _panels = (int*)NativeMemory.AlignedAlloc((nuint)Stride * (nuint)Groups * sizeof(int), Alignment);
        _start = (int*)NativeMemory.AlignedAlloc((nuint)Stride * sizeof(int), Alignment);

        var line = new int[k];
        var column = new sbyte[k];
        for (var j = 0; j < Stride; j++)
        {
            if (j < n)
            {
                Pack(j, weights.Slice(j * k, k));
                continue;
            }

            column.AsSpan().Clear();
            if (j < n + digits)
            {
                var weighted = j - n >= plain;
                var first = (weighted ? j - n - plain : j - n) / 2 * tile;
                SumRows(weights, k, first, Math.Min(tile, n - first), weighted ? LineMoments.Centre(tile) : null, line);
                Digits.Split(line, (j - n) % 2 == 0, column);
            }

            Pack(j, column);
        }
    }

    ~HostWeights() => Dispose(false);

    public Int8Kernel Kernel { get; }

    /// <summary>Columns of all panels: N, the digits and the padding to whole panels.</summary>
    public int Stride { get; }

    /// <summary>Groups of K.</summary>
    public int Groups { get; }

    /// <summary>Every column's starting value.</summary>
    public int* Start => _start;

    /// <summary>True when the panels are freed.</summary>
    public bool IsDisposed => _panels == null;

    /// <summary>A panel's groups, [groups][columns], starting at a column that is a multiple of the kernel's width.</summary>
    public int* Panel(int column) => _panels + (nint)column * Groups;

    /// <summary>Width of the panel at a column.</summary>
    public int PanelColumns(int column) => Math.Min(Kernel.Columns, Stride - column);

    protected override void Dispose(bool disposing)
    {
        Free();
        base.Dispose(disposing);
    }

    private static int PaddedColumns(Int8Kernel kernel, int columns) =>
        (columns + kernel.NarrowColumns - 1) / kernel.NarrowColumns * kernel.NarrowColumns;

    /// <summary>Sums some rows; where a centre is given, each times its distance from it.</summary>
    private static void SumRows(ReadOnlySpan<sbyte> weights, int k, int first, int count, int? centre, Span<int> line)
    {
        line.Clear();
        for (var j = first; j < first + count; j++)
        {
            var weight = centre is { } zero ? j - first - zero : 1;
            for (var p = 0; p < k; p++)
                line[p] += weight * weights[j * k + p];
        }
    }

    private void Pack(int j, ReadOnlySpan<sbyte> column)
    {
        var panelStart = j / Kernel.Columns * Kernel.Columns;
        var target = Panel(panelStart) + (j - panelStart);
        var width = PanelColumns(panelStart);
        for (var g = 0; g < Groups; g++)
            target[g * width] = Kernel.PackGroup(column.Slice(g * Kernel.Depth, Math.Min(Kernel.Depth, K - g * Kernel.Depth)));
        var sum = 0;
        foreach (var value in column)
            sum += value;
        _start[j] = Kernel.InitialValue(sum);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_panels);
        NativeMemory.AlignedFree(_start);
        _panels = null;
        _start = null;
    }
}
