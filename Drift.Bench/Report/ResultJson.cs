using System.Text.Json;
using System.Text.Json.Serialization;

namespace Drift.Bench;

/// <summary>result.json: the settings, the time, and the rows.</summary>
/// <param name="Settings">Every setting by name.</param>
/// <param name="WallSeconds">Time of the whole run.</param>
/// <param name="Rows">The rows, in table order.</param>
internal sealed record CompareResult(IReadOnlyDictionary<string, object?> Settings, double WallSeconds, IReadOnlyList<CompareRow> Rows);

/// <summary>JSON as Drift writes it: camel case, indented, no number that JSON lacks.</summary>
internal static class ResultJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FiniteOrNull() },
    };

    /// <summary>UTF-8 text that ends with a line break.</summary>
    public static byte[] Write<T>(T value) => [.. JsonSerializer.SerializeToUtf8Bytes(value, Options), (byte)'\n'];

    /// <summary>Reads back what was written.</summary>
    /// <exception cref="JsonException">It is no such JSON.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<T>(json, Options) ?? throw new JsonException("expected a value, not null");

    /// <summary>Infinity and NaN are absent values: null.</summary>
    private sealed class FiniteOrNull : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value))
                writer.WriteNumberValue(value);
            else
                writer.WriteNullValue();
        }
    }
}
