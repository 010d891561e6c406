using Drift.Kernels;

namespace Drift.Models;

/// <summary>The size that a picture is drawn for, as some denoisers are told it.</summary>
/// <param name="Height">Pixels.</param>
/// <param name="Width">Pixels.</param>
/// <param name="AspectRatio">Height over width.</param>
public readonly record struct PictureSize(float Height, float Width, float AspectRatio);

/// <summary>
/// What a denoiser is told of a batch besides latent and timestep: class labels or text, one entry a sample, a picture's conditional sample before its unconditional one.
/// The same at every step of a run.
/// </summary>
public sealed record Conditioning
{
    /// <summary>Classes.</summary>
    /// <param name="classLabels">Class of each sample; the null class for unconditional ones.</param>
    public Conditioning(int[] classLabels) => ClassLabels = classLabels;

    /// <summary>Texts.</summary>
    /// <param name="text">[samples, tokens, width]: what a text encoder made of them; memory of its own.</param>
    /// <param name="mask">[samples x tokens]: false for padding; null where the denoiser reads padding too.</param>
    public Conditioning(Tensor text, bool[]? mask) => (Text, TextMask) = (text, mask);

    /// <summary>Class of each sample; empty for a denoiser that is told a text.</summary>
    public int[] ClassLabels { get; } = [];

    /// <summary>[samples, tokens, width]: text states; null for a denoiser that is told a class.</summary>
    public Tensor? Text { get; }

    /// <summary>[samples x tokens]: whether a token is there; null where all are.</summary>
    public bool[]? TextMask { get; }

    /// <summary>Size of each sample's picture; null for a denoiser that is not told it.</summary>
    public PictureSize[]? Sizes { get; init; }
}
