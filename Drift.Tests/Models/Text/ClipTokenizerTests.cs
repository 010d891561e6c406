using System.Text.Json;
using System.Text.Json.Nodes;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>What the reference ids do not show: other forms of the same files, code points beyond 16 bits, composition, damage.</summary>
public class ClipTokenizerTests
{
    private const string Text = "A red heart, caf\u00e9 \U0001F436 it's 3 dogs<|endoftext|>!";

    private string _folder = "";

    private static string Shipped => DataFolder.Path("fixtures", "tokenizers", "clip");

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-clip-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, true);

    [TestCase(false)]
    [TestCase(true)]
    public void One_file_gives_what_two_give(bool pairs)
    {
        var merges = File.ReadLines(Path.Combine(Shipped, "merges.txt")).Skip(1)
            .Select(line => pairs ? new JsonArray([.. line.Split(' ').Select(piece => JsonValue.Create(piece))]) : (JsonNode)JsonValue.Create(line));
        var vocabulary = JsonNode.Parse(File.ReadAllText(Path.Combine(Shipped, "vocab.json")))!.AsObject();
        var end = (int)vocabulary["<|endoftext|>"]!;
        vocabulary.Remove("<|endoftext|>");
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), new JsonObject
        {
            ["added_tokens"] = new JsonArray(new JsonObject { ["id"] = end, ["content"] = "<|endoftext|>" }),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray([.. merges]) },
        }.ToJsonString());
        Assert.That(ClipTokenizer.Load(_folder).Encode(Text), Is.EqualTo(ClipTokenizer.Load(Shipped).Encode(Text)));
    }

    // Canonically equivalent texts of Unicode's NormalizationTest.txt and UAX 15: a mark, its order, Hangul, a singleton, an exclusion, a blocked mark.
    [TestCase("e\u0301", "\u00e9")]
    [TestCase("q\u0307\u0323", "q\u0323\u0307")]
    [TestCase("\u1112\u1161\u11ab", "\ud55c")]
    [TestCase("\u212b", "\u00e5")]
    [TestCase("\u0958", "\u0915\u093c")]
    [TestCase("a\u0315\u0300\u05ae\u0300b", "\u00e0\u05ae\u0300\u0315b")]
    [TestCase("\u0130", "i\u0307")]
    public void Equivalent_texts_are_the_same_tokens(string text, string composed)
    {
        var tokenizer = ClipTokenizer.Load(Shipped);
        Assert.That(tokenizer.Encode(text), Is.EqualTo(tokenizer.Encode(composed)));
        Assert.That(tokenizer.Encode($"x {text} 1"), Is.EqualTo(tokenizer.Encode($"x {composed} 1")));
    }

    /// <summary>A word is closed by one piece that ends it.</summary>
    [TestCase("\U0001D49C\U0001D4B7c", 1)]
    [TestCase("\U0001D7D8\U0001D7D9", 2)]
    [TestCase("\U00020000\U00020001", 1)]
    [TestCase("\U0001F436\U0001F431!", 1)]
    [TestCase("ab12'Sx", 5)]
    [TestCase("!!'s", 2)]
    public void Letters_and_numbers_beyond_16_bits_are_such(string text, int words)
    {
        var pieces = JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllText(Path.Combine(Shipped, "vocab.json")))!.ToDictionary(piece => piece.Value, piece => piece.Key);
        var ids = ClipTokenizer.Load(Shipped).Encode(text);
        Assert.That(ids.Count(id => pieces[id].EndsWith("</w>", StringComparison.Ordinal)), Is.EqualTo(words));
    }

    [Test]
    public void The_pad_token_is_what_the_folder_says()
    {
        foreach (var file in new[] { "vocab.json", "merges.txt", "tokenizer_config.json" })
            File.Copy(Path.Combine(Shipped, file), Path.Combine(_folder, file));
        File.WriteAllText(Path.Combine(_folder, "special_tokens_map.json"), """{"pad_token": "!", "eos_token": {"content": "<|endoftext|>", "lstrip": false}}""");
        var tokenizer = ClipTokenizer.Load(_folder);
        Assert.That((tokenizer.PadToken, tokenizer.Length, tokenizer.Vocabulary), Is.EqualTo((0, 24, 2245)));
        Assert.That(TokenBatch.Of(tokenizer, ["red heart"], 6).Ids, Is.EqualTo(new[] { 2243, 649, 633, 2244, 0, 0 }));
    }

    [TestCase("merges.txt", null, "merges.txt: no such file")]
    [TestCase("merges.txt", "#version: 0.2\nno pair at all\n", "merges.txt, line 2: expected two pieces with a space between, not 'no pair at all'")]
    [TestCase("merges.txt", "zz zz\n", "vocab.json: vocabulary and merges")]
    [TestCase("vocab.json", "{\"a\": 0}", "vocab.json: there is no token '<|startoftext|>'")]
    [TestCase("vocab.json", "{\"a\": -1}", "vocab.json: a is -1")]
    [TestCase("vocab.json", "[]", "vocab.json: expected a JSON object")]
    [TestCase("tokenizer_config.json", "{\"pad_token\": 3}", "tokenizer_config.json: pad_token is 3")]
    public void Damage_is_named(string file, string? text, string said)
    {
        foreach (var name in new[] { "vocab.json", "merges.txt", "tokenizer_config.json" })
            File.Copy(Path.Combine(Shipped, name), Path.Combine(_folder, name));
        File.Delete(Path.Combine(_folder, file));
        if (text is not null)
            File.WriteAllText(Path.Combine(_folder, file), text);
        Assert.That(() => ClipTokenizer.Load(_folder), Throws.InstanceOf<ModelFormatException>().With.Message.Contains(said));
    }

    [Test]
    public void A_folder_without_a_tokenizer_is_named() =>
        Assert.That(() => ClipTokenizer.Load(_folder), Throws.InstanceOf<ModelFormatException>().With.Message.EqualTo($"{_folder}: no tokenizer there; expected vocab.json and merges.txt, or tokenizer.json"));
}
