namespace Drift.Kernels;

/// <summary>
/// How faults lie together. A pattern says for each block, on its own, where faults may fall and how often: a pure function of the seed, the site and the block, so that a plan
/// stays one. Over a whole product the mean rate is the profile's.
/// </summary>
public interface IFaultPattern
{
    /// <summary>Where faults may fall in a block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="rate">Rate per element of the whole product, above 0 and at most 1.</param>
    FaultRegion In(FaultBlock block, double rate);
}

/// <summary>A block of the output, at most <see cref="FaultPlan.Block"/> in both directions.</summary>
/// <param name="Seed">Seed of the picture.</param>
/// <param name="Site">Where the product stands.</param>
/// <param name="Row">Block counted from the top.</param>
/// <param name="Column">Block counted from the left.</param>
/// <param name="BlockRows">Blocks of the product from top to bottom.</param>
/// <param name="BlockColumns">Blocks of the product from left to right.</param>
/// <param name="Rows">Rows of this block.</param>
/// <param name="Columns">Columns of this block.</param>
public readonly record struct FaultBlock(ulong Seed, GemmSite Site, int Row, int Column, int BlockRows, int BlockColumns, int Rows, int Columns)
{
    /// <summary>The whole block, each element hit on its own.</summary>
    /// <param name="rate">Rate per element, 0..1.</param>
    public FaultRegion Whole(double rate) => new(rate, 0, Rows, 0, Columns, 1);
}

/// <summary>A part of a block in which each element is hit independently.</summary>
/// <param name="Rate">Probability that a hit begins at an element, 0..1.</param>
/// <param name="Row">First row of the part within the block.</param>
/// <param name="Rows">Its rows; 0 for a block without faults.</param>
/// <param name="Column">First column.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Run">Consecutive elements of a row that a hit takes, at least 1; past the part's last column it goes on at its first.</param>
public readonly record struct FaultRegion(double Rate, int Row, int Rows, int Column, int Columns, int Run)
{
    /// <summary>No fault.</summary>
    public static FaultRegion None => new(0, 0, 0, 0, 0, 1);
}
