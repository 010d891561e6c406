using Drift.Kernels;

namespace Drift.Models;

/// <summary>Turns what pictures shall show into what the denoiser is told: the part in which pipelines differ. Immutable; one instance serves all threads.</summary>
public interface IConditioner
{
    /// <summary>The conditioning of a batch, worked out once for all its steps.</summary>
    /// <param name="pictures">The pictures.</param>
    /// <param name="settings">Under guidance every picture has an unconditional sample behind its conditional one.</param>
    /// <param name="gemm">Computes the layers of a text encoder.</param>
    /// <param name="workspace">Scratch memory; the result has memory of its own.</param>
    /// <exception cref="ArgumentException">A subject is not of the kind that the pipeline draws.</exception>
    Conditioning Condition(IReadOnlyList<PictureRequest> pictures, SamplingSettings settings, IGemmUnit gemm, Workspace workspace);

    /// <summary>What of a subject the denoiser will not be told, in one line, such as the end of a prompt that is too long; null when it is told everything.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="settings">How the picture is sampled.</param>
    string? Omission(Subject subject, SamplingSettings settings);
}
