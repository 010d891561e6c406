using Drift.Kernels;

namespace Drift.Models;

/// <summary>Class labels, with one label more for no class (DiTPipeline).</summary>
/// <param name="classes">Number of classes, and the label that means none.</param>
public sealed class ClassConditioner(int classes) : IConditioner
{
    /// <inheritdoc/>
    public Conditioning Condition(IReadOnlyList<PictureRequest> pictures, SamplingSettings settings, IGemmUnit gemm, Workspace workspace)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        ArgumentNullException.ThrowIfNull(settings);
        var labels = pictures.Select(picture => picture.Subject is ClassSubject { Label: var label } ? label
            : throw new ArgumentException($"a class-conditional pipeline draws no {picture.Subject}", nameof(pictures)));
        return new Conditioning(settings.IsGuided ? [.. labels.SelectMany(label => new[] { label, classes })] : [.. labels]);
    }

    /// <inheritdoc/>
    public string? Omission(Subject subject, SamplingSettings settings) => null;
}
