using Drift.Abft;

namespace Drift.Models;

/// <summary>A picture in flight: its request, its own checkpoints and its own ledger.</summary>
/// <param name="request">What is drawn.</param>
public sealed class PictureRun(PictureRequest request)
{
    /// <summary>What is drawn.</summary>
    public PictureRequest Request => request;

    /// <summary>Seed of its faults: the picture's own, unless one picture is drawn under many.</summary>
    public ulong FaultSeed { get; init; } = request.Seed;

    /// <summary>The newest mended outputs of its layers.</summary>
    public ICheckpointStore Checkpoints { get; } = new CheckpointStore();

    /// <summary>What happened and what it cost.</summary>
    public RunLedger Ledger { get; } = new();
}
