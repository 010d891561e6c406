namespace Drift.Abft;

/// <summary>No tier has room for a checkpoint.</summary>
/// <param name="message">What is needed and what there is, in one line.</param>
/// <param name="inner">What the disk said, or null.</param>
public sealed class CheckpointStorageException(string message, Exception? inner) : IOException(message, inner);
