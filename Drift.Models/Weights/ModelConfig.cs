using System.Text.Json;

namespace Drift.Models;

/// <summary>A config.json or scheduler_config.json: named settings, each with the default that diffusers or transformers has for it, each checked.</summary>
public sealed class ModelConfig
{
    private const long LongestBytes = 100_000_000;

    private readonly string _path;
    private readonly JsonElement _root;

    private ModelConfig(string path, JsonElement root) => (_path, _root) = (path, root);

    /// <summary>
    /// What the file describes: its <c>_class_name</c>, or the first of its <c>architectures</c>; empty when it says neither. Checkpoints from before diffusers 0.29, which
    /// the published ones of DiT and PixArt are, share one class name and are told apart by their norm, as diffusers does.
    /// </summary>
    public string ClassName => (Has("_class_name") ? Text("_class_name", "") : Texts("architectures", []).FirstOrDefault("")) switch
    {
        "Transformer2DModel" when Text("norm_type", "") == "ada_norm_zero" => "DiTTransformer2DModel",
        "Transformer2DModel" when Text("norm_type", "") == "ada_norm_single" => "PixArtTransformer2DModel",
        var name => name,
    };

    /// <summary>Reads a file. NaN and Infinity may stand in it as Python writes them.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFormatException">There is no such file, or it is not a JSON object.</exception>
    public static ModelConfig Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LongestBytes)
                throw new ModelFormatException($"{path}: longer than {LongestBytes} bytes; expected JSON settings");
            var root = JsonDocument.Parse(NamedNumbers.Quote(File.ReadAllText(path)), new JsonDocumentOptions { AllowDuplicateProperties = false }).RootElement;
            return root.ValueKind == JsonValueKind.Object
                ? new ModelConfig(path, root)
                : throw new ModelFormatException($"{path}: expected a JSON object, found {root.ValueKind}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException($"{path}: not valid JSON with each name once: {e.Message}", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFormatException($"{path}: no such file; expected JSON settings", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Refuses a file that describes something else.</summary>
    /// <param name="supported">The class names that will do.</param>
    /// <exception cref="ModelFormatException">It names none of them.</exception>
    public void RequireClass(params ReadOnlySpan<string> supported)
    {
        if (!supported.Contains(ClassName))
            throw Refuse("_class_name", $"'{ClassName}'", $"{(supported.Length > 1 ? "one of " : "")}{string.Join(", ", supported.ToArray())}");
    }

    /// <summary>Refuses settings that nobody reads, in a file whose names are all known.</summary>
    /// <param name="names">All that there are.</param>
    /// <exception cref="ModelFormatException">It has another.</exception>
    public void RequireOnly(params string[] names)
    {
        foreach (var entry in _root.EnumerateObject())
        {
            if (!names.Contains(entry.Name))
                throw new ModelFormatException($"{_path}: there is no setting '{entry.Name}'; expected some of {string.Join(", ", names)}");
        }
    }

    /// <summary>Whether a setting is there and not null.</summary>
    /// <param name="name">The setting.</param>
    public bool Has(string name) => _root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>Whether a setting is there and a list.</summary>
    /// <param name="name">The setting.</param>
    public bool HasList(string name) => _root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array;

    /// <summary>A whole number.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="fallback">Its value where absent.</param>
    /// <param name="least">The smallest that makes sense.</param>
    /// <param name="most">The largest that makes sense.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public int Integer(string name, int fallback, int least = 1, int most = 1 << 20) =>
        !_root.TryGetProperty(name, out var value) ? fallback : Integer(name, value, least, most);

    /// <summary>A whole number that may be null, which means something other than its absence.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="fallback">Its value where absent.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public int? NullableInteger(string name, int fallback) => _root.TryGetProperty(name, out _) ? OptionalInteger(name) : fallback;

    /// <summary>A whole number that may be absent or null.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="least">The smallest that makes sense.</param>
    /// <param name="most">The largest that makes sense.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public int? OptionalInteger(string name, int least = 1, int most = 1 << 20) => Has(name) ? Integer(name, 0, least, most) : null;

    /// <summary>One or more whole numbers.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="fallback">Its value where absent.</param>
    /// <param name="least">The smallest that makes sense.</param>
    /// <param name="most">The largest that makes sense.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public int[] Integers(string name, int[] fallback, int least = 1, int most = 1 << 20)
    {
        if (!_root.TryGetProperty(name, out var list))
            return fallback;
        return list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0
            ? [.. list.EnumerateArray().Select(value => Integer(name, value, least, most))]
            : throw Refuse(name, list.GetRawText(), "a list of whole numbers");
    }

    /// <summary>A number, which may be infinite where the bounds allow; NaN is refused.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="fallback">Its value where absent.</param>
    /// <param name="least">The smallest that makes sense.</param>
    /// <param name="most">The largest that makes sense.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public double Number(string name, double fallback, double least = double.NegativeInfinity, double most = double.PositiveInfinity)
    {
        if (!_root.TryGetProperty(name, out var value))
            return fallback;
        var number = double.NaN;
        var readable = value.ValueKind == JsonValueKind.Number ? value.TryGetDouble(out number)
            : value.ValueKind == JsonValueKind.String && NamedNumbers.TryRead(Text(name, value), out number);
        return readable && number >= least && number <= most ? number : throw Refuse(name, value.GetRawText(), $"a number from {least} to {most}");
    }

    /// <summary>A list of numbers.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="fallback">Its value where absent.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public double[] Numbers(string name, double[] fallback)
    {
        if (!_root.TryGetProperty(name, out var list))
            return fallback;
        return list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(value => value.ValueKind == JsonValueKind.Number)
            ? [.. list.EnumerateArray().Select(value => value.GetDouble())]
            : throw Refuse(name, list.GetRawText(), "a list of numbers");
    }

    /// <summary>A truth value.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="fallback">Its value where absent.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public bool Flag(string name, bool fallback)
    {
        if (!_root.TryGetProperty(name, out var value))
            return fallback;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Refuse(name, value.GetRawText(), "true or false");
    }

    /// <summary>A truth value that may be absent or null, which is no.</summary>
    /// <param name="name">The setting.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public bool IsOn(string name) => Has(name) && Flag(name, false);

    /// <summary>Refuses a file that switches something on.</summary>
    /// <param name="names">Settings that are not supported.</param>
    /// <exception cref="UnsupportedSettingException">One of them is true.</exception>
    /// <exception cref="ModelFormatException">One of them is no truth value.</exception>
    public void RequireOff(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (IsOn(name))
                throw NotSupported(name, "true", "false");
        }
    }

    /// <summary>A text.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="fallback">Its value where absent.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public string Text(string name, string fallback) => !_root.TryGetProperty(name, out var value) ? fallback : Text(name, value);

    /// <summary>One of some words, all of which are supported.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="words">All that there are; the first is the value where absent.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public string Choice(string name, params ReadOnlySpan<string> words)
    {
        var word = Text(name, words[0]);
        return words.Contains(word) ? word : throw Refuse(name, $"'{word}'", $"one of {string.Join(", ", words.ToArray())}");
    }

    /// <summary>One of some words, of which only the first few are supported.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="words">Those that are supported; the first is the value where absent.</param>
    /// <param name="others">What else diffusers or transformers takes here.</param>
    /// <exception cref="UnsupportedSettingException">It is one of the others.</exception>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public string SupportedChoice(string name, ReadOnlySpan<string> words, ReadOnlySpan<string> others)
    {
        var word = Choice(name, [.. words, .. others]);
        return words.Contains(word) ? word : throw NotSupported(name, $"'{word}'", string.Join(", ", words.ToArray()));
    }

    /// <summary>A list of texts.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="fallback">Its value where absent.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public string[] Texts(string name, string[] fallback)
    {
        if (!_root.TryGetProperty(name, out var list))
            return fallback;
        return list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(value => Text(name, value))]
            : throw Refuse(name, list.GetRawText(), "a list of texts");
    }

    /// <summary>Texts by name.</summary>
    /// <param name="name">The setting, which must be there.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public IReadOnlyDictionary<string, string> TextMap(string name) =>
        _root.TryGetProperty(name, out var map) && map.ValueKind == JsonValueKind.Object
            ? map.EnumerateObject().ToDictionary(entry => entry.Name, entry => Text($"{name}.{entry.Name}", entry.Value))
            : throw Refuse(name, Has(name) ? map.ValueKind.ToString() : "nothing", "texts by name");

    /// <summary>A text that must be there.</summary>
    /// <param name="name">The setting.</param>
    /// <exception cref="ModelFormatException">It is missing or something else.</exception>
    public string RequiredText(string name) => _root.TryGetProperty(name, out var value) ? Text(name, value) : throw Refuse(name, "missing", "a text");

    /// <summary>Whether a setting is there and has settings of its own.</summary>
    /// <param name="name">The setting.</param>
    public bool HasSection(string name) => _root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object;

    /// <summary>Settings inside a setting.</summary>
    /// <param name="name">The setting, which must be there.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public ModelConfig Section(string name) => HasSection(name)
        ? new ModelConfig($"{_path}: {name}", _root.GetProperty(name))
        : throw Refuse(name, _root.TryGetProperty(name, out var value) ? value.ValueKind.ToString() : "missing", "settings by name");

    /// <summary>Settings in a list; none where the list is absent.</summary>
    /// <param name="name">The setting.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public IReadOnlyList<ModelConfig> Sections(string name)
    {
        if (!_root.TryGetProperty(name, out var list))
            return [];
        return list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(entry => entry.ValueKind == JsonValueKind.Object)
            ? [.. list.EnumerateArray().Select((entry, i) => new ModelConfig($"{_path}: {name}[{i}]", entry))]
            : throw Refuse(name, list.ValueKind.ToString(), "a list of settings by name");
    }

    /// <summary>Rows of texts; a row may stand as one text with spaces between.</summary>
    /// <param name="name">The setting, which must be there.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public IReadOnlyList<string[]> TextRows(string name) => HasList(name)
        ? [.. _root.GetProperty(name).EnumerateArray().Select(row => row.ValueKind == JsonValueKind.Array
            ? row.EnumerateArray().Select(value => Text(name, value)).ToArray() : Text(name, row).Split(' '))]
        : throw Refuse(name, Has(name) ? _root.GetProperty(name).ValueKind.ToString() : "missing", "a list of rows of texts");

    /// <summary>Texts with a number each, as a list of pairs.</summary>
    /// <param name="name">The setting, which must be there and hold at least one.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public IReadOnlyList<(string Text, double Score)> ScoredTexts(string name)
    {
        const string expected = "a list of pairs of a text and a number";
        if (!HasList(name) || _root.GetProperty(name).GetArrayLength() == 0)
            throw Refuse(name, Has(name) ? _root.GetProperty(name).ValueKind.ToString() : "missing", expected);
        return [.. _root.GetProperty(name).EnumerateArray().Select((pair, i) => pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2 && pair[1].ValueKind == JsonValueKind.Number
            ? (Text($"{name}[{i}]", pair[0]), pair[1].GetDouble()) : throw Refuse($"{name}[{i}]", pair.GetRawText(), expected))];
    }

    /// <summary>Every setting, each a whole number of at least 0.</summary>
    /// <exception cref="ModelFormatException">One is something else.</exception>
    public IReadOnlyDictionary<string, int> AllIntegers() =>
        _root.EnumerateObject().ToDictionary(entry => entry.Name, entry => Integer(entry.Name, entry.Value, 0, int.MaxValue));

    /// <summary>The exception for a setting that cannot be used.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="found">What stands there.</param>
    /// <param name="expected">What should.</param>
    public ModelFormatException Refuse(string name, string found, string expected) => new($"{_path}: {name} is {found}; expected {expected}");

    /// <summary>The exception for a setting that makes sense and is not supported yet.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="found">What stands there.</param>
    /// <param name="supported">What is supported.</param>
    public UnsupportedSettingException NotSupported(string name, string found, string supported) => new($"{_path}: {name} is {found}; supported: {supported}");

    private int Integer(string name, JsonElement value, int least, int most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most
            ? number
            : throw Refuse(name, value.GetRawText(), $"a whole number from {least} to {most}");

    private string Text(string name, JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Refuse(name, value.GetRawText(), "a text");
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: JSON allows it, no text holds it.
            throw Refuse(name, value.GetRawText(), "a text");
        }
    }
}
