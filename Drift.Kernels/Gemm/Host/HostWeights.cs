using System.Numerics;

namespace Drift.Kernels;

/// <summary>
/// Weights packed into panels of the micro-kernel's width: N columns, then two digit columns a tile (a coarse one where sums are hierarchical), then two of its
/// moments where they are wanted; with each column's starting value. A panel of digits has the high ones of its tiles in its first half and the low ones in its second. The last one is as narrow
/// as its digits allow.
/// </summary>
internal sealed unsafe class HostWeights : GemmWeights
{
    private readonly NativeBlock _panels, _start;

    public HostWeights(Int8Kernel kernel, ReadOnlySpan<sbyte> weights, int n, int k, ChecksumTiles tiles)
        : base(n, k, tiles)
    {
        Kernel = kernel;
        var digits = Digits.Columns(weights, n, k, tiles.AlwaysSummed);
        if (tiles.Moments)
            digits = [.. digits, .. Digits.Columns(weights, n, k, tiles.Edge, LineMoments.Centre(tiles.Edge))];
        // Digits begin with a panel, so that every panel before them is C's alone.
        DigitColumn = digits.Length == 0 ? n : (n + kernel.Columns - 1) / kernel.Columns * kernel.Columns;
        Stride = digits.Length == 0 || tiles.Moments ? PaddedColumns(kernel, DigitColumn + digits.Length / k) : DigitColumn + DigitColumns(kernel, digits.Length / k);
        Groups = (k + kernel.Depth - 1) / kernel.Depth;
        // A narrow panel ends with a whole vector, whose missing groups are 0.
        _panels = new NativeBlock(((long)Stride * Groups + MicroTile.Lanes) * sizeof(int));
        _start = new NativeBlock((long)Stride * sizeof(int));

        ReadOnlySpan<sbyte> padding = new sbyte[k];
        for (var j = 0; j < Stride; j++)
        {
            var digit = j < DigitColumn || digits.Length == 0 ? digits.Length : DigitAt(j) * k;
            Pack(j, j < n ? weights.Slice(j * k, k) : digit < digits.Length ? digits.AsSpan(digit, k) : padding);
        }

        if (!tiles.IsHierarchical)
            return;
        var fine = Digits.Columns(weights, n, k, tiles.Edge);
        TileDigits = new HostWeights(kernel, fine, fine.Length / k, k, ChecksumTiles.None);
    }

    public Int8Kernel Kernel { get; }

    /// <summary>The first digit column: where the panel after those of W begins.</summary>
    public int DigitColumn { get; }

    /// <summary>Columns of all panels: N, the digits and the padding to whole panels.</summary>
    public int Stride { get; }

    /// <summary>Groups of K.</summary>
    public int Groups { get; }

    /// <summary>The panels with every column's starting value.</summary>
    public PackedPanels Packed => new(_panels.Pointer, Groups, Stride, Kernel.Columns, (int*)_start.Pointer);

    /// <summary>The digit columns of the tiles inside coarse ones, as weights of their own; null for flat sums.</summary>
    public HostWeights? TileDigits { get; }

    /// <summary>True when the panels are freed.</summary>
    public bool IsDisposed => _panels.IsClosed;

    protected override void Dispose(bool disposing)
    {
        _panels.Dispose();
        _start.Dispose();
        TileDigits?.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Which digit a column after <see cref="DigitColumn"/> has, of high and low ones in turn.</summary>
    private int DigitAt(int column)
    {
        var start = column / Kernel.Columns * Kernel.Columns;
        var half = Packed.WidthAt(start) / Digits.Count;
        return start - DigitColumn + Digits.Count * ((column - start) % half) + (column - start) / half;
    }

    private static int PaddedColumns(Int8Kernel kernel, int columns) =>
        (columns + kernel.NarrowColumns - 1) / kernel.NarrowColumns * kernel.NarrowColumns;

    /// <summary>Whole panels, then the narrowest one that has the rest.</summary>
    private static int DigitColumns(Int8Kernel kernel, int columns)
    {
        var rest = columns % kernel.Columns;
        return columns - rest + (rest == 0 ? 0 : Math.Max(kernel.NarrowDigits, (int)BitOperations.RoundUpToPowerOf2((uint)rest)));
    }

    private void Pack(int j, ReadOnlySpan<sbyte> column)
    {
        var panelStart = j / Kernel.Columns * Kernel.Columns;
        var (width, abreast) = (Packed.WidthAt(panelStart), Packed.AbreastAt(panelStart));
        var target = (int*)Packed.At(panelStart, 0) + (j - panelStart) * abreast;
        for (var g = 0; g < (Groups + abreast - 1) / abreast * abreast; g++)
        {
            var first = Math.Min(K, g * Kernel.Depth);
            target[g / abreast * abreast * width + g % abreast] = Kernel.PackGroup(column[first..Math.Min(K, first + Kernel.Depth)]);
        }

        var sum = 0;
        foreach (var value in column)
            sum += value;
        Packed.Start[j] = Kernel.InitialValue(sum);
    }
}
