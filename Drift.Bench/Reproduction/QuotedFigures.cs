using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Drift.Bench;

/// <summary>A quoted figure: a row of a file in data/paper.</summary>
/// <param name="Series">The curve or the model.</param>
/// <param name="At">Where on the curve; null where it is no curve.</param>
/// <param name="Quantity">What is quoted.</param>
/// <param name="Value">The figure.</param>
internal sealed record QuotedFigure(string Series, double? At, string Quantity, double Value);

/// <summary>The quoted figures of one file of data/paper. What is not in the file is null, never filled.</summary>
internal sealed class QuotedFigures
{
    private const double Same = 1e-9;
    private static readonly string[] Columns = ["series", "at", "quantity", "value", "source"];

    private QuotedFigures(IReadOnlyList<QuotedFigure> rows) => Rows = rows;

    /// <summary>The rows in the order of the file.</summary>
    public IReadOnlyList<QuotedFigure> Rows { get; }

    /// <summary>Reads a file of data/paper.</summary>
    /// <param name="name">Its name without the ending.</param>
    /// <exception cref="InvalidDataException">A row is not of the form; the message has file, line and what was expected.</exception>
    public static QuotedFigures Load(string name) => Read(DataFolder.At("paper", $"{name}.csv"));

    /// <summary>Reads a file with the columns series, at, quantity, value and source.</summary>
    /// <exception cref="InvalidDataException">A row is not of the form; the message has file, line and what was expected.</exception>
    public static QuotedFigures Read(string path)
    {
        using var reader = new StreamReader(path);
        using var csv = new CsvParser(reader, new CsvConfiguration(CultureInfo.InvariantCulture));
        if (!csv.Read() || !csv.Record!.SequenceEqual(Columns))
            throw new InvalidDataException($"{path}, line 1: expected the columns {string.Join(",", Columns)}");
        var rows = new List<QuotedFigure>();
        while (csv.Read())
        {
            if (csv.Record is not [var series, var at, var quantity, var value, { Length: > 0 }] || series.Length == 0 || quantity.Length == 0 || Number(value) is not { } figure)
                throw new InvalidDataException($"{path}, line {csv.RawRow}: expected a series, where, a quantity, a number and its source");
            rows.Add(new QuotedFigure(series, at.Length == 0 ? null
                : Number(at) ?? throw new InvalidDataException($"{path}, line {csv.RawRow}: expected a number or nothing as at, not '{at}'"), quantity, figure));
        }

        return new QuotedFigures(rows);
    }

    /// <summary>A figure; null where none is quoted.</summary>
    /// <param name="series">The curve or the model.</param>
    /// <param name="quantity">What is quoted.</param>
    /// <param name="at">Where on the curve; null where it is no curve.</param>
    public double? Find(string series, string quantity, double? at = null) =>
        Rows.FirstOrDefault(row => row.Series == series && row.Quantity == quantity && (row.At is { } a && at is { } b ? Math.Abs(a - b) <= Same * Math.Abs(b) : row.At == at))?.Value;

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;
}
