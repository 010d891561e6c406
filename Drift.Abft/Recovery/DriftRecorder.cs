using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>Mends nothing and measures how far each layer's outputs have moved since its checkpoints. For a clean run that saves at every step.</summary>
/// <param name="profile">Takes the changes.</param>
public sealed class DriftRecorder(DriftProfile profile) : IRecovery
{
    /// <inheritdoc/>
    public int Checkpoints => profile.Ages;

    /// <inheritdoc/>
    public bool ReadsAlways => true;

    /// <inheritdoc/>
    public void Prepare(Finding finding, Checkpoint? checkpoint)
    {
    }

    /// <inheritdoc/>
    public Repair Mend(Finding finding, Checkpoint? checkpoint, LayerOutput output)
    {
        var (energy, largest) = (0.0, 0.0);
        foreach (var value in output.Values)
        {
            energy += (double)value * value;
            largest = Math.Max(largest, (double)value * value);
        }

        if (energy == 0)
            return default;
        profile.NoteOutputs(output.Values.Length, largest * output.Values.Length / energy);
        for (var kept = checkpoint; kept is not null; kept = kept.Earlier)
        {
            if (output.Step - kept.Step <= profile.Ages)
                profile.NoteChange(output.Step - kept.Step, Change(kept, output) / energy);
        }

        return default;
    }

    private static double Change(Checkpoint kept, LayerOutput output)
    {
        var sum = 0.0;
        for (var row = 0; row < output.M; row++)
        {
            for (var column = 0; column < output.N; column += VectorMath.Lanes)
            {
                var count = Math.Min(VectorMath.Lanes, output.N - column);
                var change = VectorMath.Load(output.Values.Slice(row * output.N + column, count)) - kept.Lanes(row, column, count);
                if (count < VectorMath.Lanes)
                    change = Vector512.ConditionalSelect(Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle(), change, Vector512<float>.Zero);
                sum += Vector512.Sum(change * change);
            }
        }

        return sum;
    }
}
