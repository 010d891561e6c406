namespace Drift.Kernels;

/// <summary>
/// The other operand of a product in panels: all groups of K of the panel's columns, one group of every column after the other. A view: whoever made it owns and pins the memory.
/// </summary>
/// <param name="panels">First group of the first panel.</param>
/// <param name="groups">Groups of K in a column.</param>
/// <param name="columns">Columns of all panels, padding included.</param>
/// <param name="width">Columns of a full panel.</param>
/// <param name="start">What each column's accumulators start from; null for 0.</param>
/// <param name="along">The column of a last panel along whose vectors K runs; none of them where there is none.</param>
/// <param name="apart">Whether the columns of that panel have sums of their own.</param>
internal readonly unsafe struct PackedPanels(void* panels, int groups, int columns, int width, int* start, int along = int.MaxValue, bool apart = false)
{
    private readonly byte* _panels = (byte*)panels;

    /// <summary>Groups of K in a column.</summary>
    public readonly int Groups = groups;

    /// <summary>Columns of all panels, padding included.</summary>
    public readonly int Columns = columns;

    /// <summary>Columns of a full panel.</summary>
    public readonly int Width = width;

    /// <summary>What each column's accumulators start from; null for 0.</summary>
    public readonly int* Start = start;

    /// <summary>The column of a last panel along whose vectors K runs, 64 bytes of each column after the other, the last ones filled up with 0; none of them where there is none.</summary>
    public readonly int Along = along;

    /// <summary>Whether the columns of that panel have sums of their own, where else they are pairs of digits.</summary>
    public readonly bool Apart = apart;

    /// <summary>Width of the panel that starts at a column.</summary>
    public int WidthAt(int column) => Math.Min(Width, Columns - column);

    /// <summary>A group of the panel that starts at a column, a multiple of <see cref="Width"/>.</summary>
    public void* At(int column, int group) => _panels + ((nint)column * Groups + (nint)group * WidthAt(column)) * MicroTile.GroupBytes;
}
