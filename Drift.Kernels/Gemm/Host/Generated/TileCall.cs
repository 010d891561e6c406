using System.Runtime.InteropServices;

namespace Drift.Kernels;

/// <summary>
/// The operands of one call of a micro-kernel, of any type: C [rows, columns] = start + A [rows, groups] x panel [groups, columns], summed before the bias is added. Generated code
/// reads the fields at their offsets. Strides are in bytes.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileCall
{
    /// <summary>Bytes that are asked for in a step: a group of a full panel, or as much of a row of C.</summary>
    public const int AheadBytes = MicroTile.Columns * MicroTile.GroupBytes;

    /// <summary>First row of A; whole groups of 4 bytes are read.</summary>
    public void* A;

    /// <summary>Bytes between rows of A; in pairs, from the first row to the second.</summary>
    public nint AStride;

    /// <summary>fp32: where rows stand in pairs whose groups take turns, bytes between the pairs, and so from a row to the one after the next; 0 where each row's groups follow one another.</summary>
    public nint PairStride;

    /// <summary>With check rows: the first of them in A's form.</summary>
    public void* CheckA;

    /// <summary>Bytes between check rows of A.</summary>
    public nint CheckAStride;

    /// <summary>First group of a packed panel: one group of every column, then the next group.</summary>
    public void* Panel;

    /// <summary>Bytes between groups of the panel: 4 x its columns.</summary>
    public nint PanelStride;

    /// <summary>Groups of K, at least 1.</summary>
    public nint Groups;

    /// <summary>Groups of K between two steps of <see cref="PanelAhead"/> and <see cref="ProductAhead"/>; 0 where nothing is asked for ahead. Nothing else depends on it.</summary>
    public nint Stretch;

    /// <summary>What of the next panel is asked for next, <see cref="AheadBytes"/> a step; goes on from call to call.</summary>
    public void* PanelAhead;

    /// <summary>The last of it, or less than a step before: there it stays.</summary>
    public void* PanelAheadLast;

    /// <summary>Of which row of C the part that the next panel makes is asked for next, a row a step; goes on from call to call.</summary>
    public void* ProductAhead;

    /// <summary>The last of those rows, where it stays.</summary>
    public void* ProductAheadLast;

    /// <summary>First row of what the accumulators start from; null for 0.</summary>
    public void* Start;

    /// <summary>Bytes between rows of starting values; 0 uses one row for all.</summary>
    public nint StartStride;

    /// <summary>First row of C. May be <see cref="Start"/>.</summary>
    public void* C;

    /// <summary>Bytes between rows of C.</summary>
    public nint CStride;

    /// <summary>With check rows: where the first of them goes, and what it starts from where <see cref="Start"/> is C.</summary>
    public void* Checks;

    /// <summary>Bytes between check rows.</summary>
    public nint ChecksStride;

    /// <summary>Added to every row but check rows, in C and in no sum; null for none. Floats only.</summary>
    public float* Bias;

    /// <summary>INT8 without sums, or with check rows: where digits' products are put together instead of being stored (<see cref="Digits"/>): a row's own, or the two check rows. Null for nowhere.</summary>
    public void* Joined;

    /// <summary>Without check rows: bytes between rows of joined sums.</summary>
    public nint JoinedStride;

    /// <summary>Without check rows: bit j: joined sum j of a row exists.</summary>
    public ulong JoinedColumns;

    /// <summary>Floats with sums: 16 lanes a row, to which the row's vectors are added in order; 64 bytes from row to row. Null where only columns are summed.</summary>
    public void* RowLanes;

    /// <summary>With sums: 1 where the row sums of INT8, or the lanes of floats, hold the panels before this one; 0 where they hold nothing yet and count as 0.</summary>
    public nint RowsBegun;

    /// <summary>
    /// With sums: INT8: each row's sum, 4 bytes from row to row, is added to it. Floats: takes each row's folded lanes (<see cref="Drift.Kernels.RowLanes"/>), which are then not kept; null where
    /// further panels follow.
    /// </summary>
    public void* RowSums;

    /// <summary>INT8 with sums: what the panel's columns count in row sums, odd numbers in a row (<see cref="OddWeights"/>); null where each counts once.</summary>
    public int* RowWeights;

    /// <summary>Floats: bytes between row sums.</summary>
    public nint RowSumStride;

    /// <summary>With sums: one value a column that exists, to which the rows are added in order.</summary>
    public void* ColumnSums;

    /// <summary>With rows of two tiles: bytes from their column sums to those of the second, which hold nothing yet.</summary>
    public nint ColumnSumStride;

    /// <summary>With sums: 1 where the column sums hold the rows before these; 0 where they hold nothing yet and count as 0.</summary>
    public nint ColumnsBegun;

    /// <summary>Bit j: column j exists. Of other columns nothing is read or written but in the panel, where they are 0.</summary>
    public ulong Columns;

    /// <summary>The mask of the first columns.</summary>
    /// <param name="count">Columns, 1..32.</param>
    public static ulong First(int count) => (1UL << count) - 1;
}
