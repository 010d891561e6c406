namespace Drift.Abft;

/// <summary>
/// The memory of all checkpoints of a run: the host's within a byte budget, files beyond it. Where the files fail, the run goes on in host memory past the budget as long as the machine has it, and says so.
/// </summary>
public sealed class OffloadMemory : ICheckpointTier
{
    private const double Mebibyte = 1 << 20;

    private readonly Lock _gate = new();
    private readonly HostArena _host;
    private readonly HostArena _excess = new();
    private readonly ICheckpointTier? _files;
    private readonly Func<long> _available;

    /// <summary>Memory for a run.</summary>
    /// <param name="budget">Most bytes in host memory, all pictures in flight together; at least 0.</param>
    /// <param name="files">What takes the rest, disposed with this; null for none.</param>
    /// <param name="available">Bytes that the machine still has; null to ask it.</param>
    public OffloadMemory(long budget = long.MaxValue, ICheckpointTier? files = null, Func<long>? available = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(budget);
        (_host, _files) = (new HostArena(budget), files);
        _available = available ?? (() => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - Environment.WorkingSet);
    }

    /// <inheritdoc/>
    public string Name => "offload";

    /// <summary>Why the budget was passed, in one line; null while it holds.</summary>
    public string? Complaint { get; private set; }

    /// <inheritdoc/>
    public long Held => _host.Held + _excess.Held + (_files?.Held ?? 0);

    /// <inheritdoc/>
    public long Peak { get; private set; }

    /// <summary>The most that was in files.</summary>
    public long PeakInFiles => _files?.Peak ?? 0;

    /// <inheritdoc/>
    /// <exception cref="CheckpointStorageException">Neither the disk nor the machine's memory has room.</exception>
    public CheckpointBlock TryRent(long bytes)
    {
        var block = _host.TryRent(bytes) ?? FromFiles(bytes) ?? Excess(bytes, null);
        lock (_gate)
            Peak = Math.Max(Peak, Held);
        return block;
    }

    CheckpointBlock? ICheckpointTier.TryRent(long bytes) => TryRent(bytes);

    /// <inheritdoc/>
    public void Return(CheckpointBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        block.Tier.Return(block);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _host.Dispose();
        _excess.Dispose();
        _files?.Dispose();
    }

    private CheckpointBlock? FromFiles(long bytes)
    {
        try
        {
            return _files?.TryRent(bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Excess(bytes, exception);
        }
    }

    private CheckpointBlock Excess(long bytes, Exception? cause)
    {
        var left = _available();
        var reason = cause is null ? "there is no file tier" : $"the file tier takes no more ({cause.Message.TrimEnd('.')})";
        if (bytes > left)
        {
            throw new CheckpointStorageException($"checkpoints: the memory budget is used up, {reason}, and the machine has {Math.Max(0, left) / Mebibyte:F1} MiB left where {bytes / Mebibyte:F1} are needed; "
                + "expected room on the disk, fewer threads, or a model that fits", cause);
        }

        lock (_gate)
            Complaint ??= $"checkpoints: the memory budget is used up and {reason}; the rest stays in memory past the budget";
        return _excess.TryRent(bytes)!;
    }
}
