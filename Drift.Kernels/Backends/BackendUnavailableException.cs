namespace Drift.Kernels;

/// <summary>A backend that this build knows cannot run on this machine.</summary>
/// <param name="message">Why, and what to install.</param>
/// <param name="inner">What the driver or loader said, if anything.</param>
public sealed class BackendUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether a device that works has too little memory for what was asked.</summary>
    public bool LacksMemory { get; init; }
}
