using Drift.Abft;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>How many bytes of checkpoints a run will keep, without running it.</summary>
public static class CheckpointForecast
{
    /// <summary>Bytes of one picture's checkpoints: the outputs of every covered layer, and their scales. A run holds as many of these as pictures are in flight, times the checkpoints of a layer that its recovery looks back to.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="subject">What is drawn.</param>
    /// <param name="settings">Steps and guidance.</param>
    /// <param name="strategy">How layers are executed.</param>
    public static long BytesOfPicture(DiffusionPipeline pipeline, Subject subject, SamplingSettings settings, Strategy strategy)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(strategy);
        var told = pipeline.Conditioner.Condition([new PictureRequest(0, subject)], settings with { Guidance = 1 }, new FloatUnit(), new Workspace());
        var (halves, scales) = (settings.IsGuided ? 2 : 1, strategy.Outputs == OutputForm.Wide ? 0 : 1);
        return ForwardSurvey.Of(pipeline.Denoiser, told).Where(product => product.Layer is { } layer && strategy.Covers(layer))
            .Sum(product => Checkpoint.BytesOf(product.Shape.M * halves, product.Shape.N, scales));
    }
}
