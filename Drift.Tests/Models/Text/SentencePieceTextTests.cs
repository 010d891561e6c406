using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

public class SentencePieceTextTests
{
    private string _folder = "";

    private static string Model => DataFolder.Path("fixtures", "tokenizers", "t5", "spiece.model");

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-text").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void The_end_token_survives_the_cut_and_padding_is_masked()
    {
        var tokenizer = SentencePieceText.Load(Path.GetDirectoryName(Model)!);
        var batch = TokenBatch.Of(tokenizer, ["red heart", ""], 3);
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.Encode("red heart"), Is.EqualTo(new[] { 4, 136, 87, 1 }));
            Assert.That(batch.Ids, Is.EqualTo(new[] { 4, 136, 1, 1, 0, 0 }));
            Assert.That(batch.Mask, Is.EqualTo(new[] { true, true, true, true, false, false }));
            Assert.That(batch.Unmasked().Mask, Is.All.True);
            Assert.That(batch.Texts, Is.EqualTo(2));
            Assert.That(tokenizer.Vocabulary, Is.EqualTo(600));
        });
    }

    /// <summary>Ids from the sentencepiece package (0.1.97).</summary>
    [TestCase("\u0005")]
    [TestCase("\0dog", 4, 2, 20, 32, 63)]
    [TestCase("a\u0005b", 3, 92)]
    [TestCase("e\u0005\u0301", 4, 9, 2)]
    [TestCase("\u0014red heart\u007f", 4, 136, 87)]
    [TestCase("tab\u000bx", 133, 13, 92, 264)]
    public void Characters_of_no_form_are_dropped_and_part_what_stands_around_them(string text, params int[] ids) =>
        Assert.That(SentencePieceText.Load(Path.GetDirectoryName(Model)!).Encode(text), Is.EqualTo((int[])[.. ids, 1]));

    /// <summary>Ways of cutting a run of one letter are equally probable but for the rounding of sums. Ids from the sentencepiece package.</summary>
    [TestCase("STATUE 57778ooooo", 32, 313, 313)]
    [TestCase("iiiiiiiiuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuooooo", 313, 313, 32)]
    public void Ties_fall_as_the_rounding_of_fp32_has_them(string text, params int[] last) =>
        Assert.That(SentencePieceText.Load(Path.GetDirectoryName(Model)!).Encode(text)[^4..^1], Is.EqualTo(last));

    /// <summary>Pieces behind the fixture's 600, as sentencepiece_model.proto writes them. Ids from a Viterbi search in Python after SentencePiece's unigram_model.cc.</summary>
    [TestCase("a photograph", 3, 4, 600)]
    [TestCase("photographs", 4, 600, 5)]
    [TestCase("xphotographphotograph", 4, 264, 600, 600)]
    [TestCase("\u2460 \u2461", 4, 601, 4, 590)]
    public void A_piece_that_a_user_defined_goes_before_all_others(string text, params int[] ids)
    {
        byte[] model = [.. File.ReadAllBytes(Model), .. UserDefined("photograph"), .. UserDefined("\u2460")];
        File.WriteAllBytes(Path.Combine(_folder, "spiece.model"), model);
        Assert.That(SentencePieceText.Load(_folder).Encode(text), Is.EqualTo((int[])[.. ids, 1]));

        static byte[] UserDefined(string text)
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(text);
            byte[] piece = [0x0A, (byte)bytes.Length, .. bytes, 0x18, 4];
            return [0x0A, (byte)piece.Length, .. piece];
        }
    }

    [Test]
    public void A_missing_model_is_one_line() =>
        Assert.That(() => SentencePieceText.Load(_folder), Throws.InstanceOf<ModelFormatException>().With.Message.StartsWith(Path.Combine(_folder, "spiece.model")).And.Message.Contains("no such file"));

    [Test]
    public void A_damaged_model_is_one_line_or_still_a_model()
    {
        var whole = File.ReadAllBytes(Model);
        var path = Path.Combine(_folder, "spiece.model");
        var random = new Random(7);
        for (var attempt = 0; attempt < 24; attempt++)
        {
            // Cut short, or with bytes overwritten.
            var bytes = attempt % 2 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            for (var i = 0; attempt % 2 == 1 && i < 20; i++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, bytes);
            try
            {
                SentencePieceText.Load(_folder);
            }
            catch (ModelFormatException exception)
            {
                Assert.That(exception.Message, Does.StartWith(path).And.Not.Contain('\n'));
            }
        }
    }
}
