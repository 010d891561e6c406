using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

namespace Drift.Bench;

/// <summary>A picture of a table on disk.</summary>
/// <param name="File">Its name in the table's folder.</param>
/// <param name="DarkFile">The same on a dark ground.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Alt">The same for those who do not see it.</param>
internal sealed record FigureRecord(string File, string DarkFile, string Title, string Alt);

/// <summary>table.json: a finished table. The report is a function of these alone.</summary>
/// <param name="Id">The table's name.</param>
/// <param name="Title">What it shows.</param>
/// <param name="About">How it was made.</param>
/// <param name="Budget">Name of the budget.</param>
/// <param name="Command">What makes it again.</param>
/// <param name="Columns">Its columns, each of one kind.</param>
/// <param name="Rows">A cell for each column.</param>
/// <param name="Claims">The paper's claims with their verdicts.</param>
/// <param name="Figures">Its pictures.</param>
internal sealed record TableRecord(string Id, string Title, string About, string Budget, string Command, IReadOnlyList<Column> Columns, IReadOnlyList<IReadOnlyList<Cell>> Rows,
    IReadOnlyList<Claim> Claims, IReadOnlyList<FigureRecord> Figures)
{
    /// <summary>Folders and digests of models that stood in for the shipped ones, by the paper's name for their kind; a file from before there were any has none.</summary>
    public IReadOnlyDictionary<string, string> Models { get; init; } = new Dictionary<string, string>();

    /// <summary>Names of the files in a table's folder.</summary>
    public const string Json = "table.json", CsvFile = "table.csv";

    /// <summary>Enough digits for every figure, few enough to be the same wherever the last bit of a logarithm is not.</summary>
    private const string Digits = "G6";

    /// <summary>The record of a table that was just made.</summary>
    /// <param name="table">The table.</param>
    /// <param name="result">Its contents.</param>
    /// <param name="budget">Name of the budget.</param>
    public static TableRecord Of(ITable table, TableResult result, string budget) => new(table.Id, table.Title, table.About, budget, $"drift reproduce {table.Id} --{budget}", table.Columns, result.Rows, result.Claims,
        [.. result.Figures.Select((figure, i) => new FigureRecord($"figure-{i + 1}.png", $"figure-{i + 1}-dark.png", figure.Title, figure.Alt))]);

    /// <summary>The table as CSV, UTF-8. Equal settings give equal bytes.</summary>
    public byte[] ToCsv()
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" }))
        {
            foreach (var name in Columns.SelectMany(column => column.CsvNames()))
                csv.WriteField(name);
            csv.NextRecord();
            foreach (var row in Rows)
            {
                foreach (var field in Columns.Zip(row).SelectMany(pair => Fields(pair.First, pair.Second)))
                    csv.WriteField(field);
                csv.NextRecord();
            }
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static IEnumerable<string> Fields(Column column, Cell cell)
    {
        var first = cell.Text ?? Number(cell.Value);
        return column.Varies ? [] : column.HasInterval ? [first, Number(cell.Low), Number(cell.High)] : [first];
    }

    private static string Number(double? value) => value?.ToString(Digits, CultureInfo.InvariantCulture) ?? "";
}
