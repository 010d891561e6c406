using System.Globalization;
using System.Text.Json;
using CsvHelper;

namespace Drift.Bench;

/// <summary>Reads the lists that describe cases; what is wrong with one names the file.</summary>
internal static class CaseFiles
{
    /// <summary>A null where a case has a value is damage, not an absent value.</summary>
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true };

    /// <summary>A JSON file as a value that outlives its document.</summary>
    /// <exception cref="CaseFileException">It cannot be read or is no JSON of this form.</exception>
    public static T Json<T>(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), Strict) ?? throw new JsonException("null");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CaseFileException(path, $"expected JSON in the form of data/fixtures: {exception.Message}", exception);
        }
    }

    /// <summary>A JSON file that lists cases.</summary>
    /// <exception cref="CaseFileException">It cannot be read, is no list of this form, or has an entry that is null.</exception>
    public static IReadOnlyList<T> JsonList<T>(string path)
        where T : class
    {
        var entries = Json<T?[]>(path);
        var absent = Array.IndexOf(entries, null);
        return absent < 0 ? [.. entries.OfType<T>()] : throw new CaseFileException(path, $"entry {absent} is null; expected a case in the form of data/fixtures");
    }

    /// <summary>The rows of a CSV file.</summary>
    /// <exception cref="CaseFileException">It is no CSV with these columns.</exception>
    public static IReadOnlyList<T> Csv<T>(string path)
    {
        try
        {
            using var csv = new CsvReader(new StreamReader(path), CultureInfo.InvariantCulture);
            return [.. csv.GetRecords<T>()];
        }
        catch (CsvHelperException exception)
        {
            // CsvHelper goes on with pages of advice to programmers.
            var first = exception.Message.Split('\n')[0].TrimEnd();
            throw new CaseFileException(path, $"line {exception.Context?.Parser?.RawRow}: expected a table in the form of data/fixtures: {first}", exception);
        }
    }
}
