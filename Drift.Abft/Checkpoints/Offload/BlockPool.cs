namespace Drift.Abft;

/// <summary>The bookkeeping that tiers share: blocks that came back wait for the next picture, which asks for the same sizes. So memory stays flat however many pictures are drawn.</summary>
internal sealed class BlockPool
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Stack<CheckpointBlock>> _free = [];

    /// <summary>Bytes of the blocks that are out.</summary>
    public long Held { get; private set; }

    /// <summary>The most of them ever.</summary>
    public long Peak { get; private set; }

    /// <summary>A block that waits, or a new one.</summary>
    /// <param name="bytes">Bytes to hold.</param>
    /// <param name="budget">Most bytes that may be out.</param>
    /// <param name="make">Makes a block of a size; called by one thread at a time.</param>
    /// <returns>Null where the budget leaves no room.</returns>
    public CheckpointBlock? TryRent(long bytes, long budget, Func<int, CheckpointBlock> make)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        var size = CheckpointBlock.SizeFor(bytes);
        lock (_gate)
        {
            if (size > budget - Held)
                return null;
            var block = _free.TryGetValue(size, out var waiting) && waiting.TryPop(out var known) ? known : make(size);
            Held += size;
            Peak = Math.Max(Peak, Held);
            return block;
        }
    }

    /// <summary>Takes one back.</summary>
    public void Return(CheckpointBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        lock (_gate)
        {
            if (!_free.TryGetValue(block.Size, out var waiting))
                _free[block.Size] = waiting = new Stack<CheckpointBlock>();
            waiting.Push(block);
            Held -= block.Size;
        }
    }
}
