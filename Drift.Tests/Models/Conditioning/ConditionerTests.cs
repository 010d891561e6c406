using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>What pictures shall show, as denoisers are told it.</summary>
public class ConditionerTests
{
    private static readonly SamplingSettings Guided = new(1, 2), Plain = new(1, 1);

    [Test]
    public void Halves_of_a_picture_stand_together()
    {
        IReadOnlyList<PictureRequest> pictures = [new(1, 3), new(2, 0)];
        var conditioner = new ClassConditioner(10);
        Assert.Multiple(() =>
        {
            Assert.That(conditioner.Condition(pictures, Guided, new FloatUnit(), new Workspace()).ClassLabels, Is.EqualTo(new[] { 3, 10, 0, 10 }));
            Assert.That(conditioner.Condition(pictures, Plain, new FloatUnit(), new Workspace()).ClassLabels, Is.EqualTo(new[] { 3, 0 }));
            Assert.That(() => conditioner.Condition([new PictureRequest(1, new PromptSubject("a"))], Plain, new FloatUnit(), new Workspace()), Throws.ArgumentException);
        });
    }

    [Test]
    public void Prompts_and_negative_prompts_become_states_and_masks()
    {
        var encoder = new Echo();
        var conditioner = new PromptConditioner(new Letters(), encoder, new PromptForm(4, Masked: true, text => text.Trim()), new PictureSize(32, 64, 0.5f));
        var told = conditioner.Condition([Prompt(" ab ", "c"), Prompt("c"), Prompt("abcdef")], Guided, new FloatUnit(), new Workspace());
        Assert.Multiple(() =>
        {
            Assert.That(told.Text!.Shape, Is.EqualTo(new[] { 6, 4, 1 }));
            Assert.That(told.Text.Span.ToArray(), Is.EqualTo("ab.-c.--c.--.---abc..---".Select(letter => (float)letter)));
            Assert.That(told.TextMask, Is.EqualTo("ab.-c.--c.--.---abc..---".Select(letter => letter != '-')));
            Assert.That(encoder.Texts, Is.EqualTo(4), "each text is encoded once");
            Assert.That(told.Sizes, Has.Length.EqualTo(6).And.All.EqualTo(new PictureSize(32, 64, 0.5f)));
            Assert.That(conditioner.Omission(Prompt("abc").Subject, Guided), Is.Null);
            Assert.That(conditioner.Omission(Prompt("abcd").Subject, Guided), Does.Contain("'abcd' has 5 tokens").And.Contain("reads 4"));
            Assert.That(conditioner.Omission(Prompt("a", "abcd").Subject, Guided), Is.Not.Null);
            Assert.That(conditioner.Omission(Prompt("a", "abcd").Subject, Plain), Is.Null, "without guidance nobody reads the negative prompt");
            Assert.That(() => conditioner.Condition([new PictureRequest(1, 2)], Plain, new FloatUnit(), new Workspace()), Throws.ArgumentException);
        });
    }

    [Test]
    public void A_denoiser_that_reads_padding_gets_no_mask()
    {
        var encoder = new Echo();
        var told = new PromptConditioner(new Letters(), encoder, new PromptForm(9, Masked: false, text => text)).Condition([Prompt("ab")], Plain with { TextTokens = 5 }, new FloatUnit(), new Workspace());
        Assert.That((told.TextMask, told.Text!.Shape[1], encoder.Padding), Is.EqualTo(((bool[]?)null, 5, 0)));
    }

    private static PictureRequest Prompt(string prompt, string negative = "") => new(1, new PromptSubject(prompt, negative));

    /// <summary>A token a letter, then the end, a full stop; padding is a dash.</summary>
    private sealed class Letters : ITextTokenizer
    {
        public int PadToken => '-';

        public int[] Encode(string text) => [.. text.Select(letter => (int)letter), '.'];
    }

    /// <summary>The tokens themselves as states.</summary>
    private sealed class Echo : ITextEncoder
    {
        public int Texts { get; private set; }

        public int Padding { get; private set; }

        public Tensor Encode(TokenBatch tokens, IGemmUnit gemm, Workspace workspace)
        {
            Texts += tokens.Texts;
            Padding += tokens.Mask.Count(kept => !kept);
            return new Tensor([.. tokens.Ids.Select(id => (float)id)], tokens.Texts, tokens.Tokens, 1);
        }
    }
}
