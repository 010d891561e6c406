namespace Drift.Kernels;

/// <summary>
/// Weights packed into panels of the micro-kernel's width: N columns, then two digit columns a tile (for all coarse ones together where sums are hierarchical and two digits hold them), then two of its
/// moments where they are wanted; with each column's starting value. A panel of digits has the high ones of its tiles in its first half and the low ones in its second. Where K is long enough, a
/// last panel that digits do not fill has K along its vectors, and its sums' starting values are joined as they will be.
/// </summary>
internal sealed unsafe class HostWeights : GemmWeights
{
    private const int Vector = 64;
    private readonly NativeBlock _panels, _start;
    private readonly bool _apart;

    /// <summary>Packs weights.</summary>
    /// <param name="kernel">The micro-kernel.</param>
    /// <param name="weights">W [N, K].</param>
    /// <param name="n">Rows of W.</param>
    /// <param name="k">Columns of W.</param>
    /// <param name="tiles">Which sums are taken.</param>
    /// <param name="apart">Whether they are digits that are put together with none, a column each: the last ones may have K along their vectors. Without sums.</param>
    public HostWeights(Int8Kernel kernel, ReadOnlySpan<sbyte> weights, int n, int k, ChecksumTiles tiles, bool apart = false)
        : base(n, k, tiles)
    {
        _apart = apart;
        Kernel = kernel;
        // Coarse rows are summed over all columns where two digits hold that: a fault among them shows in its column too, which tells its coarse tile.
        RowEdge = tiles.IsHierarchical && tiles.CoarseEdge % kernel.Columns == 0 && Digits.HoldSums(weights, k) ? (n + tiles.CoarseEdge - 1) / tiles.CoarseEdge * tiles.CoarseEdge : tiles.AlwaysSummed;
        var digits = Digits.Columns(weights, n, k, RowEdge, tiles.OddRows ? OddWeights.Of : static _ => 1);
        if (tiles.Moments)
            digits = [.. digits, .. Digits.Columns(weights, n, k, tiles.Edge, place => place - LineMoments.Centre(tiles.Edge))];
        // Digits begin with a panel, so that every panel before them is C's alone.
        DigitColumn = digits.Length == 0 ? n : (n + kernel.Columns - 1) / kernel.Columns * kernel.Columns;
        Groups = (k + kernel.Depth - 1) / kernel.Depth;
        var columns = DigitColumn + digits.Length / k;
        var rest = (apart ? n : digits.Length / k) % kernel.Columns;
        (Along, Stride) = !tiles.Moments && rest <= (apart ? MicroTile.Lanes : kernel.MostAlong) && RunsAlong(kernel, rest, k) ? (columns - rest, columns) : (int.MaxValue, PaddedColumns(kernel, columns));
        // A column along whose vectors K runs ends with a whole one.
        _panels = new NativeBlock((long)Stride * Groups * sizeof(int) + kernel.MostAlong * Vector);
        _start = new NativeBlock((long)Stride * sizeof(int));

        ReadOnlySpan<sbyte> padding = new sbyte[k];
        for (var j = 0; j < Stride; j++)
        {
            var digit = j < DigitColumn || digits.Length == 0 ? digits.Length : DigitAt(j) * k;
            Pack(j, j < n ? weights.Slice(j * k, k) : digit < digits.Length ? digits.AsSpan(digit, k) : padding);
        }

        if (tiles.OddRows)
            TopDigits = new HostWeights(kernel, OddWeights.TopDigits(weights, n, k, tiles.Edge), (n + tiles.Edge - 1) / tiles.Edge, k, ChecksumTiles.None, apart: true);
        if (!tiles.IsHierarchical)
            return;
        var fine = Digits.Columns(weights, n, k, tiles.Edge, static _ => 1);
        TileDigits = new HostWeights(kernel, fine, fine.Length / k, k, ChecksumTiles.None);
    }

    public Int8Kernel Kernel { get; }

    /// <summary>Columns that a row's sum is taken over: those of a tile, or of several coarse tiles; 0 for no checks.</summary>
    public int RowEdge { get; }

    /// <summary>The first digit column: where the panel after those of W begins.</summary>
    public int DigitColumn { get; }

    /// <summary>Columns of all panels: N, the digits and the padding to whole panels.</summary>
    public int Stride { get; }

    /// <summary>Values between two rows of a product, which begin with cache lines, however narrow the last panel.</summary>
    public int ProductStride => (Stride + MicroTile.Lanes - 1) / MicroTile.Lanes * MicroTile.Lanes;

    /// <summary>The column of a last panel along whose vectors K runs; none of them where there is none.</summary>
    public int Along { get; }

    /// <summary>Groups of K.</summary>
    public int Groups { get; }

    /// <summary>The panels with every column's starting value.</summary>
    public PackedPanels Packed => new(_panels.Pointer, Groups, Stride, Kernel.Columns, (int*)_start.Pointer, Along, _apart);

    /// <summary>The digit columns of the tiles inside coarse ones, as weights of their own; null for flat sums.</summary>
    public HostWeights? TileDigits { get; }

    /// <summary>The third digits of sums with odd weights, a column a tile, as weights of their own; null where sums have two.</summary>
    public HostWeights? TopDigits { get; }

    /// <summary>True when the panels are freed.</summary>
    public bool IsDisposed => _panels.IsClosed;

    protected override void Dispose(bool disposing)
    {
        _panels.Dispose();
        _start.Dispose();
        TileDigits?.Dispose();
        TopDigits?.Dispose();
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

    /// <summary>Whether K along the vectors takes less than columns that fill a panel. By arithmetic: adding up a column's lanes takes as long as two vectors of it.</summary>
    private static bool RunsAlong(Int8Kernel kernel, int columns, int k)
    {
        const int Folding = 2;
        var vectors = (k + Vector - 1) / Vector;
        return columns > 0 && columns <= kernel.MostAlong && columns * (vectors + Folding) < PaddedColumns(kernel, columns) * vectors;
    }

    private void Pack(int j, ReadOnlySpan<sbyte> column)
    {
        var sum = 0;
        foreach (var value in column)
            sum += value;
        Packed.Start[j] = Kernel.InitialValue(sum);
        var panelStart = j / Kernel.Columns * Kernel.Columns;
        var width = Packed.WidthAt(panelStart);
        if (panelStart == Along)
        {
            PackAlong(j - panelStart, width, column);
            return;
        }

        var target = (int*)Packed.At(panelStart, 0) + (j - panelStart);
        for (var g = 0; g < Groups; g++)
            target[g * width] = Kernel.PackGroup(column.Slice(g * Kernel.Depth, Math.Min(Kernel.Depth, K - g * Kernel.Depth)));
    }

    /// <summary>A column of the panel along whose vectors K runs. With the low digits of a sum its starting value is whole.</summary>
    private void PackAlong(int column, int width, ReadOnlySpan<sbyte> digits)
    {
        var to = (sbyte*)Packed.At(Along, 0) + column * Vector;
        for (var p = 0; p < K; p += Vector, to += width * Vector)
        {
            var part = digits[p..Math.Min(K, p + Vector)];
            part.CopyTo(new Span<sbyte>(to, Vector));
            new Span<sbyte>(to + part.Length, Vector - part.Length).Clear();
        }

        var half = width / Digits.Count;
        if (!_apart && column >= half)
            Digits.Join(Packed.Start + Along + column - half, half, Packed.Start + Along + column - half, 1);
    }
}
