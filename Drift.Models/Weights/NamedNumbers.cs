using System.Text;

namespace Drift.Models;

/// <summary>NaN and the infinities, which Python's json writes bare and JSON does not know.</summary>
internal static class NamedNumbers
{
    /// <summary>The JSON with those names in quotes, texts untouched.</summary>
    /// <param name="json">As Python wrote it.</param>
    public static string Quote(string json)
    {
        var quoted = new StringBuilder(json.Length);
        var inText = false;
        for (var i = 0; i < json.Length; i++)
        {
            var name = inText ? null : NameAt(json.AsSpan(i));
            if (name is not null)
            {
                quoted.Append('"').Append(name).Append('"');
                i += name.Length - 1;
                continue;
            }

            quoted.Append(json[i]);
            if (inText && json[i] == '\\' && i + 1 < json.Length)
                quoted.Append(json[++i]);
            else if (json[i] == '"')
                inText = !inText;
        }

        return quoted.ToString();
    }

    /// <summary>The number of a name.</summary>
    /// <param name="name">A text from the JSON.</param>
    /// <param name="number">Its value.</param>
    public static bool TryRead(string name, out double number)
    {
        number = name switch
        {
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            _ => double.NaN,
        };
        return name is "NaN" or "Infinity" or "-Infinity";
    }

    private static string? NameAt(ReadOnlySpan<char> json) =>
        json.StartsWith("NaN") ? "NaN" : json.StartsWith("Infinity") ? "Infinity" : json.StartsWith("-Infinity") ? "-Infinity" : null;
}
