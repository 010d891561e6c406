using Drift.Kernels;

namespace Drift.Models;

/// <summary>How a pipeline feeds prompts to its text encoder and what it tells the denoiser of them.</summary>
/// <param name="Tokens">Tokens of every text: longer ones are cut, shorter ones padded.</param>
/// <param name="Masked">Whether encoder and denoiser pass over the padding.</param>
/// <param name="Normalise">What is done to a text before it becomes tokens.</param>
public sealed record PromptForm(int Tokens, bool Masked, Func<string, string> Normalise);

/// <summary>Prompts and negative prompts through a text encoder (PixArtAlphaPipeline, PixArtSigmaPipeline, StableDiffusionPipeline).</summary>
/// <param name="tokenizer">Text to tokens.</param>
/// <param name="encoder">Tokens to states.</param>
/// <param name="form">The pipeline's way with both.</param>
/// <param name="size">The pictures' size, for a denoiser that is told it.</param>
public sealed class PromptConditioner(ITextTokenizer tokenizer, ITextEncoder encoder, PromptForm form, PictureSize? size = null) : IConditioner
{
    /// <inheritdoc/>
    public Conditioning Condition(IReadOnlyList<PictureRequest> pictures, SamplingSettings settings, IGemmUnit gemm, Workspace workspace)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        ArgumentNullException.ThrowIfNull(settings);
        string[] texts = [.. pictures.SelectMany(picture => Texts(picture.Subject, settings))];
        // Most pictures share the empty negative prompt: each text is encoded once.
        string[] distinct = [.. texts.Distinct()];
        var batch = TokenBatch.Of(tokenizer, distinct, TokensOf(settings));
        var states = encoder.Encode(form.Masked ? batch : batch.Unmasked(), gemm, workspace);
        var text = new Tensor(texts.Length, batch.Tokens, states.Columns);
        var mask = new bool[texts.Length * batch.Tokens];
        for (var sample = 0; sample < texts.Length; sample++)
        {
            var source = Array.IndexOf(distinct, texts[sample]);
            states.Slice(source, 1).Span.CopyTo(text.Slice(sample, 1).Span);
            batch.Mask.AsSpan(source * batch.Tokens, batch.Tokens).CopyTo(mask.AsSpan(sample * batch.Tokens));
        }

        return new Conditioning(text, form.Masked ? mask : null) { Sizes = size is { } each ? [.. Enumerable.Repeat(each, texts.Length)] : null };
    }

    /// <inheritdoc/>
    public string? Omission(Subject subject, SamplingSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var tokens = TokensOf(settings);
        return Texts(subject, settings).Select(text => (Text: text, tokenizer.Encode(text).Length)).FirstOrDefault(text => text.Length > tokens) is { Text: { } cut, Length: var length }
            ? $"the prompt '{cut}' has {length} tokens; the model reads {tokens}, and the rest is cut off"
            : null;
    }

    private int TokensOf(SamplingSettings settings) => settings.TextTokens ?? form.Tokens;

    /// <summary>The texts of a picture's samples.</summary>
    private IEnumerable<string> Texts(Subject subject, SamplingSettings settings)
    {
        var prompt = subject as PromptSubject ?? throw new ArgumentException($"a pipeline that draws prompts draws no {subject}", nameof(subject));
        yield return form.Normalise(prompt.Prompt);
        if (settings.IsGuided)
            yield return form.Normalise(prompt.NegativePrompt);
    }
}
