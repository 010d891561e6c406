using System.Globalization;

namespace Drift.Dvfs;

/// <summary>A file of sections and keys, as Python's configparser reads it: <c>key = value</c> or <c>key: value</c>, keys in any case, comments after # or ;.</summary>
internal sealed class IniFile
{
    private readonly string _path;
    private readonly Dictionary<(string Section, string Key), (int Line, string Value)> _values = [];
    private readonly Dictionary<string, int> _sections = [];

    private IniFile(string path) => _path = path;

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">A line is neither a section nor a key with its value, or a key is given twice.</exception>
    public static IniFile Read(string path)
    {
        var file = new IniFile(path);
        string? section = null;
        var number = 0;
        foreach (var line in File.ReadLines(path).Select(line => line.Trim()))
        {
            number++;
            if (line.Length == 0 || line[0] is '#' or ';')
                continue;
            if (line[0] == '[' && line[^1] == ']')
            {
                section = line[1..^1];
                file._sections[section] = number;
                continue;
            }

            var split = line.IndexOfAny(['=', ':']);
            if (split <= 0 || section is null)
                throw file.Wrong(number, $"[section], or a key = value below one, not '{line}'");
            var key = line[..split].Trim();
            if (!file._values.TryAdd((section, key.ToUpperInvariant()), (number, line[(split + 1)..].Trim())))
                throw file.Wrong(number, $"{key} once in [{section}]");
        }

        return file;
    }

    /// <summary>True where the file has a section.</summary>
    public bool Has(string section) => _sections.ContainsKey(section);

    /// <summary>True where a section has a key.</summary>
    public bool Has(string section, string key) => _values.ContainsKey((section, key.ToUpperInvariant()));

    /// <summary>The value of a key.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public string Text(string section, string key) => Find(section, key).Value;

    /// <summary>An integer in a range.</summary>
    /// <exception cref="InvalidDataException">It is missing or something else.</exception>
    public int Integer(string section, string key, int least, int most)
    {
        var (line, value) = Find(section, key);
        return int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Wrong(line, $"a whole number from {least} to {most} as {key}, not '{value}'");
    }

    /// <summary>One of some names.</summary>
    /// <exception cref="InvalidDataException">It is missing or something else.</exception>
    public T Choice<T>(string section, string key, params ReadOnlySpan<(string Name, T Value)> choices)
    {
        var (line, value) = Find(section, key);
        foreach (var (name, chosen) in choices)
        {
            if (name == value)
                return chosen;
        }

        throw Wrong(line, $"one of {string.Join(", ", choices.ToArray().Select(choice => choice.Name))} as {key}, not '{value}'");
    }

    /// <summary>Fails where a switch is on that stands for something unsupported.</summary>
    /// <exception cref="InvalidDataException">It is on.</exception>
    public void Refuse(string section, string key)
    {
        if (_values.TryGetValue((section, key.ToUpperInvariant()), out var found) && found.Value.ToUpperInvariant() is "TRUE" or "YES" or "ON" or "1")
            throw Wrong(found.Line, $"{key} false: Drift has no such thing");
    }

    /// <summary>The error that a key's value is not what was expected.</summary>
    public InvalidDataException Expected(string section, string key, string expected)
    {
        var (line, value) = Find(section, key);
        return Wrong(line, $"{expected} as {key}, not '{value}'");
    }

    private (int Line, string Value) Find(string section, string key) => _values.TryGetValue((section, key.ToUpperInvariant()), out var found)
        ? found
        : throw Wrong(_sections.GetValueOrDefault(section, 1), $"{key} in a section [{section}]");

    private InvalidDataException Wrong(int line, string expected) => new($"{_path}, line {line}: expected {expected}");
}
