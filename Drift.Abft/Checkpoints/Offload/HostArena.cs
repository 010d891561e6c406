using System.Runtime.InteropServices;

namespace Drift.Abft;

/// <summary>Host memory within a budget. Blocks are pinned arrays, which the collector frees with the arena.</summary>
/// <param name="budget">Most bytes that may be out at a time, at least 0.</param>
public sealed class HostArena(long budget = long.MaxValue) : ICheckpointTier
{
    private readonly BlockPool _pool = new();
    private readonly List<byte[]> _arrays = [];

    /// <inheritdoc/>
    public string Name => "memory";

    /// <inheritdoc/>
    public long Held => _pool.Held;

    /// <inheritdoc/>
    public long Peak => _pool.Peak;

    /// <inheritdoc/>
    public CheckpointBlock? TryRent(long bytes) => _pool.TryRent(bytes, budget, Make);

    /// <inheritdoc/>
    public void Return(CheckpointBlock block) => _pool.Return(block);

    /// <inheritdoc/>
    public void Dispose() => _arrays.Clear();

    private CheckpointBlock Make(int size)
    {
        var array = GC.AllocateUninitializedArray<byte>(checked(size + CheckpointBlock.Alignment), pinned: true);
        _arrays.Add(array);
        var start = Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
        return new CheckpointBlock(this, (start + CheckpointBlock.Alignment - 1) / CheckpointBlock.Alignment * CheckpointBlock.Alignment, size);
    }
}
