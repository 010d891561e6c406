using Drift.Kernels;

namespace Drift.Abft;

/// <summary>When a layer's outputs are saved. One serves one picture in flight.</summary>
public interface ICheckpointSchedule
{
    /// <summary>Whether the outputs at hand are saved. Asked once for each layer and step, in the order in which they are computed.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="step">Zero-based index of the step.</param>
    /// <param name="bytes">Bytes that a save writes.</param>
    bool IsDue(LayerKey layer, int step, long bytes);
}
