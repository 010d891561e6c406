using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

namespace Drift.Bench;

/// <summary>
/// A table as CSV. Fields are made by plain delegates: CsvHelper's own way from classes to fields compiles methods for every file that is written, and whoever draws again and
/// again in one process gathers them.
/// </summary>
internal static class CsvTable
{
    /// <summary>UTF-8 text: the names, then a line a row, a field a column.</summary>
    /// <param name="columns">Name and field of each.</param>
    /// <param name="rows">The rows, in order.</param>
    public static byte[] Write<T>(IReadOnlyList<(string Name, Func<T, string> Field)> columns, IEnumerable<T> rows) =>
        Write(columns.Select(column => column.Name), rows.Select(row => columns.Select(column => column.Field(row))));

    /// <summary>The same of fields that are there already.</summary>
    /// <param name="names">The columns.</param>
    /// <param name="lines">The fields of each row.</param>
    public static byte[] Write(IEnumerable<string> names, IEnumerable<IEnumerable<string>> lines)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" }))
        {
            foreach (var line in lines.Prepend(names))
            {
                foreach (var field in line)
                    csv.WriteField(field);
                csv.NextRecord();
            }
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>A number whose digits read back to the same bits; empty where it is absent or not finite.</summary>
    public static string Text(double? value) => value is { } number && double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : "";

    /// <summary>A count; empty where it is absent.</summary>
    public static string Text(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";
}
