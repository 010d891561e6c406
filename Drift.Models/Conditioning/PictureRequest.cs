namespace Drift.Models;

/// <summary>What a picture shall show.</summary>
public abstract record Subject
{
    private protected Subject()
    {
    }
}

/// <summary>A class of the model's.</summary>
/// <param name="Label">Its number.</param>
public sealed record ClassSubject(int Label) : Subject;

/// <summary>A text.</summary>
/// <param name="Prompt">What to draw.</param>
/// <param name="NegativePrompt">What guidance leads away from; empty for no text.</param>
public sealed record PromptSubject(string Prompt, string NegativePrompt = "") : Subject;

/// <summary>One picture to draw.</summary>
/// <param name="Seed">Seed of its noise and of its faults: the picture depends on nothing else but its subject.</param>
/// <param name="Subject">What it shall show.</param>
public sealed record PictureRequest(ulong Seed, Subject Subject)
{
    /// <summary>A picture of a class.</summary>
    /// <param name="seed">Seed of its noise and of its faults.</param>
    /// <param name="classLabel">Its class.</param>
    public PictureRequest(ulong seed, int classLabel)
        : this(seed, new ClassSubject(classLabel))
    {
    }
}
