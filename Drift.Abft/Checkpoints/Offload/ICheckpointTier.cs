namespace Drift.Abft;

/// <summary>Memory that checkpoints live in. Serves all threads.</summary>
public interface ICheckpointTier : IDisposable
{
    /// <summary>What it is, for people.</summary>
    string Name { get; }

    /// <summary>Bytes of the blocks that are out.</summary>
    long Held { get; }

    /// <summary>The most that <see cref="Held"/> ever was.</summary>
    long Peak { get; }

    /// <summary>Hands out a block.</summary>
    /// <param name="bytes">Bytes that it must hold, at least 1.</param>
    /// <returns>The block, its contents undefined; null where the budget leaves no room.</returns>
    /// <exception cref="IOException">Whatever stores the bytes refuses them.</exception>
    CheckpointBlock? TryRent(long bytes);

    /// <summary>Takes a block back; nobody may touch it any more.</summary>
    /// <param name="block">One that this tier handed out.</param>
    void Return(CheckpointBlock block);
}
