using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>T5's tokenizer as transformers saves it today: one tokenizer.json and no spiece.model.</summary>
public sealed class UnigramFileTests
{
    private const string Mark = "\u2581";

    private string _folder = "";

    private static string Shipped => DataFolder.Path("fixtures", "tokenizers", "t5");

    private string FilePath => Path.Combine(_folder, "tokenizer.json");

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-unigram-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    /// <summary>The reference ids are those of transformers' T5Tokenizer too, which reads such a file. The forms are those of its conversion from SentencePiece, of t5-small as published, and of version 5.</summary>
    [TestCase("converted")]
    [TestCase("published")]
    [TestCase("version 5")]
    public void Every_form_gives_the_reference_ids(string form)
    {
        Write(Converted(form));
        var tokenizer = SentencePieceText.Load(_folder);
        var rows = JsonNode.Parse(File.ReadAllText(Path.Combine(Shipped, "ids.json")))!.AsArray();
        Assert.That(rows, Has.Count.GreaterThan(50));
        Assert.Multiple(() =>
        {
            foreach (var row in rows)
                Assert.That(tokenizer.Encode((string)row!["text"]!), Is.EqualTo(row["ids"].Deserialize<int[]>()), JsonSerializer.Serialize((string)row["text"]!));
            Assert.That((tokenizer.PadToken, tokenizer.Vocabulary), Is.EqualTo((0, 600)));
        });
    }

    /// <summary>Added tokens are never cut; a text in other letters is another one.</summary>
    [TestCase("red heart</s>", "red heart", 1)]
    [TestCase("<extra_id_1> red heart", null, 600, 4, 136, 87)]
    [TestCase("<EXTRA_ID_1>", "<EXTRA_ID_1>")]
    public void Added_tokens_are_found_in_a_text(string text, string? begins, params int[] more)
    {
        Write(Converted("converted"));
        var tokenizer = SentencePieceText.Load(_folder);
        Assert.That(tokenizer.Encode(text), Is.EqualTo((int[])[.. begins is null ? [] : tokenizer.Encode(begins)[..^1], .. more, 1]));
    }

    /// <summary>
    /// Where transformers' library differs from SentencePiece: a cluster that begins with a character of the map is that character's form alone, marks and all, and sums are fp64, which breaks
    /// ties otherwise. Ids from a Viterbi search in Python with sums of both kinds.
    /// </summary>
    [Test]
    public void Where_the_two_libraries_differ_each_file_goes_its_own_way()
    {
        Write(Converted("converted"));
        SentencePieceText file = SentencePieceText.Load(_folder), model = SentencePieceText.Load(Shipped);
        Assert.That(file.Encode("x\u00aa\u0301"), Is.EqualTo(file.Encode("xa")));
        Assert.That(model.Encode("x\u00aa\u0301"), Is.EqualTo(model.Encode("x\u00e1")).And.Not.EqualTo(model.Encode("xa")));
        Assert.That(file.Encode("ssslllooo"), Is.EqualTo(new[] { 55, 5, 5, 25, 25, 25, 32, 313, 1 }));
        Assert.That(model.Encode("ssslllooo"), Is.EqualTo(new[] { 55, 5, 5, 25, 25, 25, 313, 32, 1 }));
    }

    [Test]
    public void Of_tokens_that_begin_together_the_longest_is_found()
    {
        var file = Small("always");
        file["added_tokens"]!.AsArray().Add(Added("<x", 9));
        file["added_tokens"]!.AsArray().Add(Added("<x>", 10));
        file["added_tokens"]!.AsArray().Add(Added("x>", 11));
        Write(file);
        Assert.That(SentencePieceText.Load(_folder).Encode("<x><x"), Is.EqualTo(new[] { 10, 9, 1 }));
    }

    [TestCase(false, false, 3, 3, 9, 3, 3)]
    [TestCase(true, false, 9, 3, 3)]
    [TestCase(false, true, 3, 3, 9)]
    [TestCase(true, true, 9)]
    public void Added_tokens_take_the_spaces_beside_them(bool left, bool right, params int[] ids)
    {
        var file = Small("always");
        file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 9, ["content"] = "<x>", ["lstrip"] = left, ["rstrip"] = right });
        Write(file);
        Assert.That(SentencePieceText.Load(_folder).Encode("  <x>  "), Is.EqualTo((int[])[.. ids, 1]));
    }

    /// <summary>A vocabulary of which every id is plain: the mark is 3, a is 4, ab is 5, b is 6.</summary>
    [TestCase("always", "ab b", 3, 5, 3, 6)]
    [TestCase("never", "ab b", 5, 3, 6)]
    [TestCase("first", "ab b", 3, 5, 3, 6)]
    [TestCase("first", "</s>ab", 1, 5)]
    [TestCase("always", "</s>ab", 1, 3, 5)]
    [TestCase("always", " ab", 3, 5)]
    public void A_mark_is_put_before_words_as_the_file_says(string scheme, string text, params int[] ids)
    {
        Write(Small(scheme));
        Assert.That(SentencePieceText.Load(_folder).Encode(text), Is.EqualTo((int[])[.. ids, 1]));
    }

    /// <summary>Unknown neighbours are one piece, or all their bytes where each has a piece. The bytes of U+00E9 are C3 A9.</summary>
    [TestCase(false, true, 3, 4, 2, 5)]
    [TestCase(true, true, 3, 4, 8, 7, 8, 7, 5)]
    [TestCase(true, false, 3, 4, 2, 5)]
    public void Unknown_characters_are_spelled_in_bytes_where_the_file_says_so(bool spells, bool all, params int[] ids)
    {
        var file = Small("always");
        file["model"]!["byte_fallback"] = spells;
        var vocabulary = file["model"]!["vocab"]!.AsArray();
        vocabulary.Add(new JsonArray("<0xA9>", 0.0));
        if (all)
            vocabulary.Add(new JsonArray("<0xC3>", 0.0));
        Write(file);
        Assert.That(SentencePieceText.Load(_folder).Encode("a\u00e9\u00e9ab"), Is.EqualTo((int[])[.. ids, 1]));
    }

    /// <summary>The same in SentencePiece's own file, which must then have all 256.</summary>
    [TestCase(256, false, 4, 2, 268)]
    [TestCase(256, true, 4, 0xF0, 0x9F, 0x98, 0x80, 268)]
    [TestCase(255, true)]
    public void A_model_spells_in_bytes_too(int pieces, bool spells, params int[] ids)
    {
        byte[] model = [.. File.ReadAllBytes(Path.Combine(Shipped, "spiece.model")), .. Enumerable.Range(0, pieces).SelectMany(BytePiece), .. spells ? (byte[])[0x12, 3, 0x98, 0x02, 1] : []];
        File.WriteAllBytes(Path.Combine(_folder, "spiece.model"), model);
        if (pieces < 256)
        {
            Assert.That(() => SentencePieceText.Load(_folder), Throws.InstanceOf<ModelFormatException>().With.Message.EndsWith("it spells unknown characters in bytes and has no piece for some of them"));
            return;
        }

        var expected = SentencePieceText.Load(Shipped).Encode("x")[^2];
        Assert.That(SentencePieceText.Load(_folder).Encode("\U0001F600x"), Is.EqualTo((int[])[4, .. ids[1..^1].Select(id => spells ? 600 + id : id), expected, 1]));

        static byte[] BytePiece(int value)
        {
            byte[] piece = [0x0A, 6, .. Encoding.ASCII.GetBytes($"<0x{value:X2}>"), 0x18, 6];
            return [0x0A, (byte)piece.Length, .. piece];
        }
    }

    [TestCase("model/type", "\"BPE\"", "model: type is 'BPE'; supported: Unigram here")]
    [TestCase("model/unk_id", "null", "model: unk_id is missing")]
    [TestCase("model/unk_id", "99", "model: unk_id is 99; expected an id below 7")]
    [TestCase("model/vocab", "[]", "model: vocab is Array; expected a list of pairs of a text and a number")]
    [TestCase("model/vocab", "[[\"a\"]]", "model: vocab[0] is [\"a\"]")]
    [TestCase("normalizer", "{\"type\": \"NFD\"}", "normalizer: type is 'NFD'; supported: Precompiled")]
    [TestCase("normalizer", "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"?\"}", "normalizer: precompiled_charsmap is damaged")]
    [TestCase("normalizer", "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \"a+\"}, \"content\": \"\"}", "normalizer: pattern is another expression; supported: ")]
    [TestCase("pre_tokenizer", "{\"type\": \"ByteLevel\"}", "pre_tokenizer: type is 'ByteLevel'; supported: WhitespaceSplit")]
    [TestCase("post_processor", "null", "post_processor is null; supported: a TemplateProcessing")]
    [TestCase("post_processor", "{\"type\": \"TemplateProcessing\", \"single\": [{\"Sequence\": {\"id\": \"A\"}}]}", "post_processor is another template")]
    [TestCase("post_processor", "{\"type\": \"TemplateProcessing\", \"single\": [{\"Sequence\": {}}, {\"SpecialToken\": {\"id\": \"</t>\"}}]}", "post_processor is about '</t>'")]
    [TestCase("added_tokens", "[{\"content\": \"x\"}]", "added_tokens[0]: id is missing")]
    [TestCase("added_tokens", "[{\"content\": \"x\", \"id\": 1, \"single_word\": true}]", "added_tokens[0]: single_word is true; supported: false")]
    public void What_a_file_asks_for_in_vain_is_said(string setting, string value, string said)
    {
        var file = Small("always");
        var at = setting.Split('/');
        (at.Length == 1 ? file : file[at[0]]!.AsObject())[at[^1]] = JsonNode.Parse(value);
        Write(file);
        Assert.That(() => SentencePieceText.Load(_folder), Throws.InstanceOf<ModelFormatException>().With.Message.StartsWith($"{FilePath}").And.Message.Contains(said));
    }

    [Test]
    public void A_model_beside_it_counts()
    {
        Write(Small("always"));
        File.Copy(Path.Combine(Shipped, "spiece.model"), Path.Combine(_folder, "spiece.model"));
        Assert.That(SentencePieceText.Load(_folder).Vocabulary, Is.EqualTo(600));
    }

    private static JsonObject Small(string scheme) => new()
    {
        ["added_tokens"] = new JsonArray(Added("<pad>", 0), Added("</s>", 1)),
        ["normalizer"] = null,
        ["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = Mark, ["prepend_scheme"] = scheme },
        ["post_processor"] = EndBehind(),
        ["model"] = new JsonObject
        {
            ["type"] = "Unigram", ["unk_id"] = 2,
            ["vocab"] = new JsonArray([.. new[] { "<pad>", "</s>", "<unk>", Mark, "a", "ab", "b" }.Select((piece, i) => new JsonArray(piece, i < 3 ? 0.0 : -1.0))]),
        },
    };

    /// <summary>What transformers makes of the fixture's model, with two of T5's hundred sentinels.</summary>
    private static JsonObject Converted(string form)
    {
        var model = Fields(File.ReadAllBytes(Path.Combine(Shipped, "spiece.model"))).ToLookup(field => field.Number, field => field.Value);
        var pieces = model[1].Select(piece => Fields(piece).ToDictionary(field => field.Number, field => field.Value))
            .Select(piece => (Text: Encoding.UTF8.GetString(piece[1]), Score: piece.TryGetValue(2, out var score) ? BitConverter.ToSingle(score) : 0.0))
            .Concat([("<extra_id_1>", 0), ("<extra_id_0>", 0)]).ToList();
        var map = Fields(model[3].Single()).Single(field => field.Number == 2).Value;
        var precompiled = new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(map) };
        var metaspace = new JsonObject { ["type"] = "Metaspace", ["replacement"] = Mark };
        if (form == "published")
            (metaspace["add_prefix_space"], metaspace["str_rep"]) = (true, Mark);
        else
            (metaspace["prepend_scheme"], metaspace["split"]) = ("always", true);
        return new JsonObject
        {
            ["version"] = "1.0", ["truncation"] = null, ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. new[] { 0, 1, 2, 600, 601 }.Select(id => Added(pieces[id].Text, id))]),
            ["normalizer"] = form != "converted" ? precompiled : new JsonObject
            {
                ["type"] = "Sequence",
                ["normalizers"] = new JsonArray(precompiled, new JsonObject { ["type"] = "Strip", ["strip_left"] = false, ["strip_right"] = true },
                    new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["Regex"] = " {2,}" }, ["content"] = Mark }),
            },
            ["pre_tokenizer"] = form == "converted" ? metaspace : new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(new JsonObject { ["type"] = "WhitespaceSplit" }, metaspace) },
            ["post_processor"] = EndBehind(),
            ["model"] = new JsonObject { ["type"] = "Unigram", ["unk_id"] = 2, ["vocab"] = new JsonArray([.. pieces.Select(piece => new JsonArray(piece.Text, piece.Score))]), ["byte_fallback"] = false },
        };
    }

    /// <summary>The fields of a protocol buffer; a number keeps its bytes.</summary>
    private static List<(int Number, byte[] Value)> Fields(byte[] message)
    {
        var (fields, at) = (new List<(int, byte[])>(), 0);
        while (at < message.Length)
        {
            var tag = Varint();
            var start = at;
            var length = (tag & 7) switch { 0 => Varint() is var _ ? at - start : 0, 2 => Varint(), 1 => 8, _ => 4 };
            if ((tag & 7) == 0)
                at = start;
            fields.Add((tag >> 3, message[at..(at + length)]));
            at += length;
        }

        return fields;

        int Varint()
        {
            var (value, shift) = (0, 0);
            do
            {
                value |= (message[at] & 127) << shift;
                shift += 7;
            }
            while (message[at++] > 127);
            return value;
        }
    }

    private static JsonObject Added(string content, int id) => new() { ["id"] = id, ["content"] = content, ["single_word"] = false, ["normalized"] = false, ["special"] = true };

    private static JsonObject EndBehind() => new()
    {
        ["type"] = "TemplateProcessing",
        ["single"] = new JsonArray(new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A" } }, new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = "</s>" } }),
    };

    private void Write(JsonObject file) => File.WriteAllText(FilePath, file.ToJsonString());
}
