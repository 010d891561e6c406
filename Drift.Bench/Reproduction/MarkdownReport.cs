using System.Text;

namespace Drift.Bench;

/// <summary>The report as Markdown: verdicts first, then a section a table.</summary>
internal static class MarkdownReport
{
    /// <summary>What stands at the top of every report.</summary>
    public const string Reading = "Energy and speed are of the paper's models, modelled over the true shapes of their products, without weights. Quality is of small models trained here. No column mixes the two, and each says its kind: quoted (the paper's figure), closed form (the paper's formula), modelled (Drift's model), measured here. A figure that is not quoted is left empty.";

    /// <summary>What stands around the summary, here and in the README.</summary>
    public const string Begin = "<!-- reproduce -->", End = "<!-- /reproduce -->";

    private const int MostRows = 60;

    /// <summary>The report.</summary>
    /// <param name="tables">Finished tables, in order.</param>
    public static string Of(IReadOnlyList<TableRecord> tables)
    {
        var text = new StringBuilder($"# The DRIFT paper, reproduced\n\n{Reading}\n\n{Begin}\n\n{Summary(tables)}\n{End}\n\n## Verdicts\n\n{Overview(tables)}");
        foreach (var table in tables)
        {
            text.Append($"\n## {table.Title}\n\n{table.About}\n\n");
            foreach (var figure in table.Figures)
                text.Append($"![{figure.Alt}]({table.Id}/{figure.File})\n\n");
            foreach (var claim in table.Claims)
                text.Append($"- **{Claim.Words(claim.Verdict)}**: {claim.Statement}. Paper: {Or(claim.Paper)}. Ours: {Or(claim.Ours)}. {claim.Rule}\n");
            if (table.Rows.Count <= MostRows)
                text.Append($"\n{Rows(table)}");
            text.Append($"\n[{table.Id}/{TableRecord.CsvFile}]({table.Id}/{TableRecord.CsvFile}), made by `{table.Command}`.\n");
        }

        return text.ToString();
    }

    /// <summary>How many claims of each table got which verdict.</summary>
    /// <param name="tables">Finished tables, in order.</param>
    public static string Summary(IReadOnlyList<TableRecord> tables)
    {
        var verdicts = Enum.GetValues<Verdict>();
        string Counts(string name, IReadOnlyList<Claim> claims) => Line([name, .. verdicts.Select(verdict => claims.Count(claim => claim.Verdict == verdict)).Select(count => count == 0 ? "" : $"{count}")]);
        return Line(["table", .. verdicts.Select(Claim.Words)]) + Line(["---", .. verdicts.Select(_ => "---:")])
            + string.Concat(tables.Select(table => Counts(table.Id, table.Claims))) + Counts("all", [.. tables.SelectMany(table => table.Claims)]);
    }

    /// <summary>The verdict of every claim.</summary>
    /// <param name="tables">Finished tables, in order.</param>
    public static string Overview(IReadOnlyList<TableRecord> tables) => Line(["table", "claim", "paper (quoted)", "ours", "verdict"]) + Line(["---", "---", "---", "---", "---"])
        + string.Concat(tables.SelectMany(table => table.Claims.Select(claim => Line([$"[{table.Id}]({table.Id}/{TableRecord.CsvFile})", claim.Statement, claim.Paper, claim.Ours, Claim.Words(claim.Verdict)]))));

    private static string Rows(TableRecord table) => Line(table.Columns.Select(Heading)) + Line(table.Columns.Select(column => column.Kind == ColumnKind.Setting ? "---" : "---:"))
        + string.Concat(table.Rows.Select(row => Line(row.Select(CellText.Of))));

    private static string Heading(Column column) => column.Kind == ColumnKind.Setting ? column.Title : $"{column.Title} *{Column.Words(column.Kind)}*";

    private static string Or(string text) => text.Length > 0 ? text : "none";

    private static string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |\n";
}
