using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Host words on their way to a device: sent without waiting for what is queued there, and kept until the device was waited for. Blocks stay, so a warm run allocates nothing.</summary>
internal sealed class Outbox
{
    private const int BlockWords = 1 << 16;

    private readonly List<int[]> _blocks = [];
    private int _block, _used;

    /// <summary>Words to fill, for <see cref="Send"/>.</summary>
    /// <param name="length">How many, at least 1.</param>
    public Span<int> Stage(int length)
    {
        while (_block < _blocks.Count && _blocks[_block].Length - _used < length)
            (_block, _used) = (_block + 1, 0);
        // Pinned: the driver copies from a bare address while the collector may run.
        if (_block == _blocks.Count)
            _blocks.Add(GC.AllocateUninitializedArray<int>(Math.Max(length, BlockWords), pinned: true));
        _used += length;
        return _blocks[_block].AsSpan(_used - length, length);
    }

    /// <summary>Queues the copy of staged words.</summary>
    /// <param name="staged">What <see cref="Stage"/> gave.</param>
    /// <param name="target">As many words.</param>
    public static void Send(Span<int> staged, ArrayView<int> target) => target.CopyFromCPUUnsafeAsync(ref MemoryMarshal.GetReference(staged), staged.Length);

    /// <summary>The device was waited for: everything arrived.</summary>
    public void Clear() => (_block, _used) = (0, 0);
}
