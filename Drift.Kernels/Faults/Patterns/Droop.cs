namespace Drift.Kernels;

/// <summary>
/// The supply droops for a part of every product: the blocks that are computed meanwhile take all its faults. Blocks are computed column of blocks by column of blocks; when
/// in the product the droop begins is drawn from the seed and the site.
/// </summary>
/// <param name="share">Part of the product's time, above 0 and at most 1; rounded up to whole blocks.</param>
/// <exception cref="ArgumentOutOfRangeException">A share outside that.</exception>
public sealed class Droop(double share) : IFaultPattern
{
    /// <summary>A word that no block's own stream reaches: a stream draws fewer than 2^32 - 1 times.</summary>
    private const uint Counter = uint.MaxValue;

    private readonly double _share = share is > 0 and <= 1 ? share : throw new ArgumentOutOfRangeException(nameof(share), share, "a share lies above 0 and is at most 1");

    /// <inheritdoc/>
    public FaultRegion In(FaultBlock block, double rate)
    {
        var blocks = block.BlockRows * block.BlockColumns;
        var during = (int)Math.Ceiling(_share * blocks);
        var site = block.Site;
        var word = Philox.Words(Counter, 0, (uint)(site.Step << 16 | site.Block), (uint)((int)site.Role << 16 | site.Index), block.Seed).R0;
        var begin = (int)((ulong)word * (uint)blocks >> 32);
        var place = block.Column * block.BlockRows + block.Row;
        return (place - begin + blocks) % blocks < during ? block.Whole(Math.Min(1, rate * blocks / during)) : FaultRegion.None;
    }
}
