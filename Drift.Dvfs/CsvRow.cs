using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Drift.Dvfs;

/// <summary>A line of a data file with a header. Whatever is wrong with it is said as file, line and what was expected.</summary>
internal sealed class CsvRow
{
    private readonly string _path;
    private readonly int _line;
    private readonly string[] _columns;
    private readonly string[] _fields;

    private CsvRow(string path, int line, string[] columns, string[] fields) => (_path, _line, _columns, _fields) = (path, line, columns, fields);

    /// <summary>Reads a file. Blank lines and lines that begin with # are skipped; columns beyond the required ones are allowed.</summary>
    /// <exception cref="InvalidDataException">The file has no rows, lacks a required column, has one twice, or a line has more fields than columns.</exception>
    public static List<CsvRow> Read(string path, params ReadOnlySpan<string> required) => Read(path, required, []);

    /// <summary>The same for a file that has exactly one of some further columns.</summary>
    /// <exception cref="InvalidDataException">The file has no rows, lacks a required column, or has none or several of the others.</exception>
    public static List<CsvRow> Read(string path, ReadOnlySpan<string> required, ReadOnlySpan<string> oneOf)
    {
        using var reader = new StreamReader(path);
        using var parser = new CsvParser(reader, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            AllowComments = true,
            TrimOptions = TrimOptions.Trim,
            BadDataFound = bad => throw Wrong(path, bad.Context.Parser!.RawRow, $"well-formed CSV, not {bad.RawRecord.Trim()}"),
        });
        if (!parser.Read())
            throw Wrong(path, 1, $"the columns {string.Join(",", required)}, not an empty file");
        var columns = parser.Record!;
        foreach (var column in required)
        {
            if (!columns.Contains(column))
                throw Wrong(path, parser.RawRow, $"the columns {string.Join(",", required)}; {column} is missing");
        }

        foreach (var column in columns)
        {
            if (column.Length > 0 && columns.Count(other => other == column) > 1)
                throw Wrong(path, parser.RawRow, $"each column once; {column} is there twice");
        }

        if (oneOf.Length > 0 && oneOf.ToArray().Count(columns.Contains) != 1)
            throw Wrong(path, parser.RawRow, $"the columns {string.Join(",", required)} and one of {string.Join(", ", oneOf)}");

        var rows = new List<CsvRow>();
        while (parser.Read())
        {
            // A decimal comma makes two fields of one, and the first of them may well be a number that is allowed.
            var fields = parser.Record!;
            if (fields.Skip(columns.Length).Any(field => field.Length > 0))
                throw Wrong(path, parser.RawRow, $"at most {columns.Length} fields, one a column, not {fields.Length}");
            rows.Add(new CsvRow(path, parser.RawRow, columns, fields));
        }

        return rows.Count > 0 ? rows : throw Wrong(path, parser.RawRow, "at least one row below the columns");
    }

    /// <summary>True where the file has a column.</summary>
    public bool Has(string column) => _columns.Contains(column);

    /// <summary>The text of a column; empty where the line ends before it.</summary>
    public string Text(string column)
    {
        var index = Array.IndexOf(_columns, column);
        return index >= 0 && index < _fields.Length ? _fields[index] : "";
    }

    /// <summary>The number in a column.</summary>
    /// <exception cref="InvalidDataException">It is missing, not a finite number, or outside the range.</exception>
    public double Number(string column, double smallest, double largest)
    {
        var text = Text(column);
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= smallest && value <= largest)
            return value;
        var range = double.IsPositiveInfinity(largest) ? "above 0" : largest == double.MaxValue ? "of at least 0" : string.Create(CultureInfo.InvariantCulture, $"from {smallest} to {largest}");
        throw Expected($"a number {range} as {column}, not '{text}'");
    }

    /// <summary>The positive number in a column.</summary>
    /// <exception cref="InvalidDataException">It is missing, not a finite number, or not above 0.</exception>
    public double Positive(string column)
    {
        var value = Number(column, double.Epsilon, double.PositiveInfinity);
        return double.IsFinite(value) ? value : throw Expected($"a finite number as {column}, not '{Text(column)}'");
    }

    /// <summary>The number in a column, at least 0.</summary>
    /// <exception cref="InvalidDataException">It is missing, not a finite number, or below 0.</exception>
    public double NotNegative(string column) => Number(column, 0, double.MaxValue);

    /// <summary>The error that this line is not what was expected.</summary>
    public InvalidDataException Expected(string expected) => Wrong(_path, _line, expected);

    /// <summary>One line, even where a quoted field spans several.</summary>
    private static InvalidDataException Wrong(string path, int line, string expected) =>
        new($"{path}, line {line}: expected {expected.ReplaceLineEndings(" ")}");
}
