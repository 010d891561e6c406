namespace Drift.Kernels.Ilgpu;

/// <summary>A lane's accumulators of a warp group's 64 x 128 of C, and beside them those of 64 lines of A with 16 digit lines of W (<see cref="DigitLines"/>).</summary>
/// <param name="c">Of C.</param>
/// <param name="high">Of the high digits of eight tiles, of which the lane has tiles 2 t and 2 t + 1, in two rows.</param>
/// <param name="low">Of their low digits.</param>
internal readonly struct CheckedTile(RegisterTile c, Lanes4 high, Lanes4 low)
{
    public readonly RegisterTile C = c;

    public readonly Lanes4 High = high, Low = low;
}
