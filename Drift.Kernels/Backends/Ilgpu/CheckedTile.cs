namespace Drift.Kernels.Ilgpu;

/// <summary>A lane's accumulators of a warp group's 64 x 128 of C, with those of the expected sums beside them.</summary>
/// <param name="c">Of C.</param>
/// <param name="rows">Of 64 lines of A with 16 digit lines of W: tiles 2 t and 2 t + 1 of eight, the high digits' first.</param>
/// <param name="columns">Of 64 lines of W with 16 digit lines of A.</param>
internal readonly struct CheckedTile(RegisterTile c, Lanes8 rows, Lanes8 columns)
{
    public readonly RegisterTile C = c;

    public readonly Lanes8 Rows = rows, Columns = columns;
}

/// <summary>Eight INT32 in registers: a row tile's 16 x 8 high digits' products and those of the low digits.</summary>
internal readonly struct Lanes8(Lanes4 high, Lanes4 low)
{
    public readonly Lanes4 High = high, Low = low;
}
