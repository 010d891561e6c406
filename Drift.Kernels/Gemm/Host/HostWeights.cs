namespace Drift.Kernels;

/// <summary>
/// Weights packed into panels of the micro-kernel's width: N columns, then two digit columns a tile (a coarse one where sums are hierarchical), then two of its
/// moments where they are wanted; with each column's starting value. A panel of digits has the high ones of its tiles in its first half and the low ones in its second. The last one, where half
/// a vector holds it, has two groups of K a vector, side by side for each column.
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
        var (count, last) = (digits.Length / k, digits.Length / k % kernel.Columns);
        PairedColumn = !tiles.Moments && last > 0 && last <= kernel.PairedColumns ? DigitColumn + count - last : int.MaxValue;
        Stride = PairedColumn < int.MaxValue ? PairedColumn + kernel.PairedColumns : PaddedColumns(kernel, DigitColumn + count);
        Groups = (k + kernel.Depth - 1) / kernel.Depth;
        // Room for the second group of a last pair, and for a whole vector of starting values.
        _panels = new NativeBlock(((long)Stride * Groups + kernel.PairedColumns) * sizeof(int));
        _start = new NativeBlock((long)(Stride + kernel.PairedColumns) * sizeof(int));

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

    /// <summary>Where the panel with two groups of K a vector begins; past all columns where there is none.</summary>
    public int PairedColumn { get; }

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

    private void Pack(int j, ReadOnlySpan<sbyte> column)
    {
        var panelStart = j / Kernel.Columns * Kernel.Columns;
        var (panel, width, inPanel) = ((nint)Packed.At(panelStart, 0), Packed.WidthAt(panelStart), j - panelStart);
        // Groups of a vector: a column's stand side by side.
        var together = panelStart == PairedColumn ? 2 : 1;
        var groups = (Groups + together - 1) / together * together;
        for (var g = 0; g < groups; g++)
            ((int*)panel)[(g / together * width + inPanel) * together + g % together] = Kernel.PackGroup(column[Math.Min(K, g * Kernel.Depth)..Math.Min(K, (g + 1) * Kernel.Depth)]);
        var sum = 0;
        foreach (var value in column)
            sum += value;
        var start = Packed.Start + panelStart + inPanel * together;
        start[together - 1] = 0;
        *start = Kernel.InitialValue(sum);
    }
}
