using Drift.Kernels;

namespace Drift.Models;

/// <summary>When a pipeline's runs are protected, as the paper has it.</summary>
/// <param name="Interval">Steps from one checkpoint to the next.</param>
/// <param name="SafeSteps">First steps at the nominal point.</param>
/// <param name="SafeLastSteps">Last steps at the nominal point.</param>
public sealed record ProtectionSchedule(int Interval, int SafeSteps, int SafeLastSteps);

/// <summary>A kind of pipeline: all that sets it apart from the others.</summary>
/// <param name="Name">Its class, as model_index.json gives it.</param>
/// <param name="TakesPrompts">Whether it draws texts rather than classes.</param>
/// <param name="Open">Reads the denoiser, and what tells it what to draw.</param>
public sealed record PipelineKind(string Name, bool TakesPrompts, Func<PipelineFolder, (IDenoiser Denoiser, IConditioner Conditioner)> Open)
{
    /// <summary>What the paper's tables call the model of this kind.</summary>
    public required string PaperName { get; init; }

    /// <summary>Steps and guidance where nobody says otherwise.</summary>
    public required SamplingSettings Standard { get; init; }

    /// <summary>Which values share a quantisation scale.</summary>
    public required ScaleGroups Scales { get; init; }

    /// <summary>
    /// Roles of the layers that run in INT8 and past the safe point, by the authors' settings. All others are left untouched, in fp32 at the nominal point.
    /// </summary>
    public required IReadOnlySet<GemmRole> GuardedRoles { get; init; }

    /// <summary>When runs are protected.</summary>
    public required ProtectionSchedule Schedule { get; init; }

    /// <summary>Whether a layer runs in INT8 and past the safe point.</summary>
    /// <param name="layer">The layer.</param>
    public bool Guards(LayerKey layer) => GuardedRoles.Contains(layer.Role);
}
