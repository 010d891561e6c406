using System.Diagnostics.CodeAnalysis;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Keeps the outputs of one picture's layers from step to step. A picture in flight has a store of its own, so that it is mended alike alone and in a batch; the
/// store is cleared or disposed before the next picture. Serves one thread at a time.
/// </summary>
public interface ICheckpointStore : IDisposable
{
    /// <summary>How many checkpoints of a layer are kept, at least 1; set before the first is saved.</summary>
    int Depth { get; set; }

    /// <summary>Bytes that the checkpoints take now.</summary>
    long Bytes { get; }

    /// <summary>Checkpoints whose bytes were found changed, and which count as absent since.</summary>
    int Damaged { get; }

    /// <summary>Keeps a copy of a layer's outputs, already mended, in place of its oldest checkpoint once there are <see cref="Depth"/> of them.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="step">Zero-based index of the step.</param>
    /// <param name="output">
    /// The outputs. INT8 codes are kept as given; without them, values are rounded to codes of the output's scale; wide values stay fp32.
    /// </param>
    /// <returns>Bytes written, for the ledger.</returns>
    /// <exception cref="CheckpointStorageException">No tier has room; the layer's other checkpoints stay.</exception>
    long Save(LayerKey layer, int step, LayerOutput output);

    /// <summary>The newest sound checkpoint of a layer from before a step: those that are kept are read through and held against their checksums.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="beforeStep">The step at work; its own checkpoint does not count.</param>
    /// <param name="checkpoint">The checkpoint, valid until the layer saves again, or the store is cleared or disposed.</param>
    bool TryGet(LayerKey layer, int beforeStep, [NotNullWhen(true)] out Checkpoint? checkpoint);

    /// <summary>The same without reading anything but scales: values are held against their checksums when they are read. Whoever has read calls <see cref="Drop"/>.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="beforeStep">The step at work; its own checkpoint does not count.</param>
    /// <param name="checkpoint">The checkpoint, valid until the layer saves again, or the store is cleared or disposed.</param>
    bool TryOpen(LayerKey layer, int beforeStep, [NotNullWhen(true)] out Checkpoint? checkpoint);

    /// <summary>Drops those of a layer's checkpoints in which changed bytes were read (<see cref="Checkpoint.IsDamaged"/>).</summary>
    /// <param name="layer">The layer.</param>
    /// <returns>False where all were sound; else what was read is to be read again, from what <see cref="TryOpen"/> has now.</returns>
    bool Drop(LayerKey layer);

    /// <summary>Forgets all checkpoints: a new picture begins.</summary>
    void Clear();
}
