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
