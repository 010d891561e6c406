using System.Runtime.InteropServices;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>Where a run stands between two steps: all that the steps to come depend on, checkpoints aside.</summary>
/// <param name="Step">Zero-based index of the step that comes next.</param>
/// <param name="Latents">[pictures, channels, height, width].</param>
/// <param name="Memory">What the solver remembers; empty for one that remembers nothing.</param>
public sealed record RunState(int Step, Tensor Latents, IReadOnlyList<float[]> Memory)
{
    /// <summary>Whether the steps to come would give the same bits from here.</summary>
    /// <param name="other">Another state.</param>
    public bool IsSame(RunState other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Step == other.Step && Same(Latents.Span, other.Latents.Span) && Memory.Count == other.Memory.Count
            && Memory.Zip(other.Memory).All(pair => Same(pair.First, pair.Second));
    }

    /// <summary>Bit by bit: 0 and -0 differ, and a NaN is itself.</summary>
    private static bool Same(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => MemoryMarshal.Cast<float, int>(a).SequenceEqual(MemoryMarshal.Cast<float, int>(b));
}
