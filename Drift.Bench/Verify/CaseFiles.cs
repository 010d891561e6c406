using System.Globalization;
using System.Text.Json;
using CsvHelper;

namespace Drift.Bench;

/// <summary>Reads the lists that describe cases; what is wrong with one names the file.</summary>
internal static class CaseFiles
{
    /// <summary>A JSON file as a value that outlives its document.</summary>
    /// <exception cref="UserErrorException">It is no JSON of this form.</exception>
    public static T Json<T>(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), JsonSerializerOptions.Web) ?? throw new JsonException("null");
        }
        catch (JsonException exception)
        {
            throw new UserErrorException($"{path}: expected JSON in the form of data/fixtures: {exception.Message}", exception);
        }
    }

    /// <summary>The rows of a CSV file.</summary>
    /// <exception cref="UserErrorException">It is no CSV with these columns.</exception>
    public static IReadOnlyList<T> Csv<T>(string path)
    {
        try
        {
            using var csv = new CsvReader(new StreamReader(path), CultureInfo.InvariantCulture);
            return [.. csv.GetRecords<T>()];
        }
        catch (CsvHelperException exception)
        {
            throw new UserErrorException($"{path}: expected a table in the form of data/fixtures: {exception.Message}", exception);
        }
    }
}
