using System.Text.Json;
using System.Text.Unicode;

namespace Drift.Models;

/// <summary>
/// The JSON that opens a safetensors file. Nothing in it is believed: types, shapes and offsets must agree with each other, and the tensors must cover the data
/// exactly, without overlap, hole or remainder.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>The longest header that the format's own library takes.</summary>
    public const long LongestBytes = 100_000_000;

    private const string Metadata = "__metadata__";

    /// <summary>Lists within lists, as many as the format's own library takes; they can stand in fields that nobody knows only.</summary>
    private const int Deepest = 128;

    /// <summary>The tensors by name, in the order of their data.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="json">The header.</param>
    /// <param name="dataBytes">Bytes behind the header.</param>
    /// <exception cref="ModelFormatException">Anything is wrong.</exception>
    public static OrderedDictionary<string, TensorEntry> Parse(string path, ReadOnlyMemory<byte> json, long dataBytes)
    {
        // Spaces may stand behind the object, not before it.
        if (json.Span is not [(byte)'{', ..] || !Utf8.IsValid(json.Span))
            throw new ModelFormatException($"{path}: the safetensors header must be a JSON object in UTF-8, from its first byte on");
        var entries = new List<KeyValuePair<string, TensorEntry>>();
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = Deepest });
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name == Metadata)
                    RequireTexts(path, property.Value);
                else
                    entries.Add(new(property.Name, Entry(path, property.Name, property.Value)));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException($"{path}: the safetensors header is not valid JSON with each name once: {e.Message}", e);
        }

        return Covering(path, entries, dataBytes);
    }

    private static void RequireTexts(string path, JsonElement metadata)
    {
        if (metadata.ValueKind != JsonValueKind.Null && (metadata.ValueKind != JsonValueKind.Object || metadata.EnumerateObject().Any(entry => entry.Value.ValueKind != JsonValueKind.String)))
            throw new ModelFormatException($"{path}: {Metadata} in the safetensors header holds something else than texts by name");
    }

    private static TensorEntry Entry(string path, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException($"{path}: tensor '{name}' must be described by a JSON object");
        var type = value.TryGetProperty("dtype", out var dtype) && dtype.ValueKind == JsonValueKind.String ? dtype.GetString()! : "";
        var size = TensorEntry.ElementBytes(type);
        if (size == 0)
            throw new ModelFormatException($"{path}: tensor '{name}' has dtype '{type}'; expected one of {TensorEntry.DataTypes}");

        var shape = Numbers(path, name, value, "shape");
        var count = 1L;
        foreach (var extent in shape)
        {
            if (extent > int.MaxValue || (extent != 0 && count > long.MaxValue / sizeof(double) / extent))
                throw new ModelFormatException($"{path}: tensor '{name}' has shape [{string.Join(", ", shape)}], which is too large");
            count *= extent;
        }

        var offsets = Numbers(path, name, value, "data_offsets");
        if (offsets.Length != 2 || offsets[1] < offsets[0])
            throw new ModelFormatException($"{path}: tensor '{name}' has data_offsets [{string.Join(", ", offsets)}]; expected a begin and an end behind it");
        if (offsets[1] - offsets[0] != count * size)
        {
            throw new ModelFormatException($"{path}: tensor '{name}' is {type} of shape [{string.Join(", ", shape)}], which takes {count * size} bytes, " +
                $"but its data_offsets span {offsets[1] - offsets[0]}");
        }

        return new TensorEntry(type, [.. shape.Select(extent => (int)extent)], count, offsets[0], offsets[1]);
    }

    private static long[] Numbers(string path, string tensor, JsonElement entry, string field)
    {
        if (!entry.TryGetProperty(field, out var array) || array.ValueKind != JsonValueKind.Array)
            throw new ModelFormatException($"{path}: tensor '{tensor}' has no {field}; expected a list of whole numbers");
        var numbers = new long[array.GetArrayLength()];
        var i = 0;
        foreach (var element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out var number) || number < 0)
                throw new ModelFormatException($"{path}: tensor '{tensor}' has {field} {array.GetRawText()}; expected whole numbers of at least 0");
            numbers[i++] = number;
        }

        return numbers;
    }

    private static OrderedDictionary<string, TensorEntry> Covering(string path, List<KeyValuePair<string, TensorEntry>> entries, long dataBytes)
    {
        var byPlace = new OrderedDictionary<string, TensorEntry>(entries.Count);
        var end = 0L;
        foreach (var (name, entry) in entries.OrderBy(e => e.Value.Begin).ThenBy(e => e.Value.End))
        {
            if (entry.Begin != end)
                throw new ModelFormatException($"{path}: tensor '{name}' begins at byte {entry.Begin} of the data; expected {end}, without overlap or hole");
            end = entry.End;
            byPlace.Add(name, entry);
        }

        return end == dataBytes ? byPlace : throw new ModelFormatException($"{path}: the tensors end at byte {end} of the data, which has {dataBytes}; " +
            (end > dataBytes ? "the file is truncated" : "expected nothing behind them"));
    }
}
