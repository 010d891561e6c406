using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// A clean run kept step by step. Up to its first fault another run of the same picture is this one, so it starts where this one stood; and where it has come back to the
/// same bits behind its last fault, it ends as this one did. Immutable; serves all threads.
/// </summary>
public sealed class Trajectory
{
    private readonly DiffusionPipeline _pipeline;
    private readonly Conditioning _conditioning;
    private readonly SamplingSettings _settings;
    private readonly RunState[] _states;

    private Trajectory(DiffusionPipeline pipeline, Conditioning conditioning, SamplingSettings settings, RunState[] states, Tensor image) =>
        (_pipeline, _conditioning, _settings, _states, Image) = (pipeline, conditioning, settings, states, image);

    /// <summary>The clean picture, [channels, height, width] in -1..1.</summary>
    public Tensor Image { get; }

    /// <summary>Latents before a step, or behind the last one.</summary>
    /// <param name="step">0 to the number of steps.</param>
    public Tensor LatentsAt(int step) => _states[step].Latents;

    /// <summary>Draws the clean picture.</summary>
    /// <param name="pipeline">Draws it.</param>
    /// <param name="request">The picture.</param>
    /// <param name="conditioning">What it shall show.</param>
    /// <param name="settings">Steps and guidance, the conditioning's own.</param>
    /// <param name="unit">Computes every layer, without faults.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Trajectory Record(DiffusionPipeline pipeline, PictureRequest request, Conditioning conditioning, SamplingSettings settings, IGemmUnit unit, Workspace workspace,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(settings);
        List<RunState> states = [];
        var last = pipeline.Continue(pipeline.Start(request, settings), conditioning, settings, unit, workspace, state =>
        {
            states.Add(state);
            return true;
        }, cancellation);
        return new Trajectory(pipeline, conditioning, settings, [.. states, last], Decode(pipeline, last, workspace));
    }

    /// <summary>Draws the picture again under faults.</summary>
    /// <param name="firstStep">Step to start at: none before it has a fault, or leaves a checkpoint that would be restored.</param>
    /// <param name="lastStep">Last step that may have a fault.</param>
    /// <param name="unit">Computes every layer.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <param name="disturb">Makes the latents that the first step starts from of a copy of the clean ones; null for the clean ones.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>The picture, the latents behind the last step, and how many steps were computed.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public (Tensor Image, Tensor Latents, int Steps) Draw(int firstStep, int lastStep, IGemmUnit unit, Workspace workspace, Action<Tensor>? disturb = null,
        CancellationToken cancellation = default)
    {
        var start = _states[firstStep] with { Latents = _states[firstStep].Latents.Clone() };
        disturb?.Invoke(start.Latents);
        var last = _pipeline.Continue(start, _conditioning, _settings, unit, workspace, state => state.Step <= lastStep || !state.IsSame(_states[state.Step]), cancellation);
        return last.IsSame(_states[last.Step])
            ? (Image, _states[^1].Latents, last.Step - firstStep)
            : (Decode(_pipeline, last, workspace), last.Latents, last.Step - firstStep);
    }

    private static Tensor Decode(DiffusionPipeline pipeline, RunState last, Workspace workspace)
    {
        // The decoder runs unquantised at the nominal point: the paper guards the denoiser.
        var image = pipeline.Decode(last.Latents, new FloatUnit(), workspace);
        return image.Reshape([.. image.Shape.Skip(1)]);
    }
}
