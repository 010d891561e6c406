using System.Net;
using System.Text;

namespace Drift.Bench;

/// <summary>The report as one HTML page that needs nothing else: pictures are inside, nothing is fetched, no script runs.</summary>
internal static class HtmlReport
{
    private const int MostOpenRows = 16;

    /// <summary>The page.</summary>
    /// <param name="tables">Finished tables, in order.</param>
    /// <param name="file">Reads a file of a table.</param>
    public static string Of(IReadOnlyList<TableRecord> tables, Func<TableRecord, string, byte[]> file)
    {
        var claims = tables.SelectMany(table => table.Claims).ToList();
        var page = new StringBuilder();
        page.Append($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <link rel="icon" href="data:,">
            <title>The DRIFT paper, reproduced</title>
            <style>
            {HtmlStyle.Sheet}
            </style>
            </head>
            <body>
            <main>
            <h1>The DRIFT paper, reproduced</h1>
            <p class="reading">{Text(MarkdownReport.Reading)}</p>
            <p class="tally">{Tally(claims)}</p>
            <nav aria-label="Tables">{string.Concat(tables.Select(table => $"<a href=\"#{table.Id}\">{table.Id}</a> "))}</nav>
            <h2 id="verdicts">Verdicts</h2>
            {Overview(tables)}

            """);
        foreach (var table in tables)
            page.Append(Section(table, file));
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static string Tally(List<Claim> claims) => string.Concat(Enum.GetValues<Verdict>().Select(verdict =>
        $"<span class=\"verdict {Class(verdict)}\">{claims.Count(claim => claim.Verdict == verdict)} {Claim.Words(verdict)}</span> "));

    private static string Overview(IReadOnlyList<TableRecord> tables) => $"""
        <div class="scroll" tabindex="0" role="region" aria-label="Verdicts"><table class="claims">
        <thead><tr><th scope="col">table</th><th scope="col">claim</th><th scope="col">paper <small>quoted</small></th><th scope="col">ours</th><th scope="col">verdict</th></tr></thead>
        <tbody>
        {string.Concat(tables.SelectMany(table => table.Claims.Select(claim => $"""
            <tr><td data-label="table"><a href="#{table.Id}">{table.Id}</a></td><td data-label="claim">{Text(claim.Statement)}</td><td data-label="paper, quoted">{Linked(table, claim.Paper)}</td><td data-label="ours">{Linked(table, claim.Ours)}</td><td data-label="verdict"><span class="verdict {Class(claim.Verdict)}">{Claim.Words(claim.Verdict)}</span></td></tr>

            """)))}</tbody></table></div>
        """;

    private static string Section(TableRecord table, Func<TableRecord, string, byte[]> file) => $"""
        <section id="{table.Id}" aria-labelledby="{table.Id}-title">
        <h2 id="{table.Id}-title">{Text(table.Title)}</h2>
        <p>{Text(table.About)}</p>
        <div class="figures">{string.Concat(table.Figures.Select(figure => Figure(table, figure, file)))}</div>
        <ul class="rules">{string.Concat(table.Claims.Select(claim => $"<li><span class=\"verdict {Class(claim.Verdict)}\">{Claim.Words(claim.Verdict)}</span> {Text(claim.Statement)}. {Compared(claim)}<small>{Text(claim.Rule)}</small></li>"))}</ul>
        {Rows(table)}
        <p class="source">Numbers: <a href="{table.Id}/{TableRecord.CsvFile}">{table.Id}/{TableRecord.CsvFile}</a>, <a href="{table.Id}/{TableRecord.Json}">{TableRecord.Json}</a>. Made by <code>{Text(table.Command)}</code>.</p>
        </section>

        """;

    private static string Compared(Claim claim) =>
        (claim.Paper.Length > 0 ? $"Paper: {Text(claim.Paper)}. " : "No figure is quoted. ") + (claim.Ours.Length > 0 ? $"Ours: {Text(claim.Ours)}. " : "");

    private static string Figure(TableRecord table, FigureRecord figure, Func<TableRecord, string, byte[]> file) => $"""
        <figure><picture><source media="screen and (prefers-color-scheme: dark)" srcset="{Inside(file(table, figure.DarkFile))}"><img src="{Inside(file(table, figure.File))}" alt="{Text(figure.Alt)}"></picture></figure>
        """;

    private static string Rows(TableRecord table)
    {
        var rows = $"""
            <div class="scroll" tabindex="0" role="region" aria-label="{Text(table.Title)}"><table>
            <caption>{Text(table.Title)}</caption>
            <thead><tr>{string.Concat(table.Columns.Select(column => $"<th scope=\"col\" class=\"{Kind(column)}\">{Text(column.Title)}<small>{Column.Words(column.Kind)}</small></th>"))}</tr></thead>
            <tbody>
            {string.Concat(table.Rows.Select(row => $"<tr>{string.Concat(table.Columns.Zip(row, (column, cell) => $"<td class=\"{Kind(column)}\">{Text(CellText.Of(cell))}</td>"))}</tr>\n"))}</tbody></table></div>
            """;
        return table.Rows.Count <= MostOpenRows ? rows : $"<details><summary>All {table.Rows.Count} rows</summary>\n{rows}\n</details>";
    }

    /// <summary>Its numbers lead to the file that they stand in.</summary>
    private static string Linked(TableRecord table, string text) => text.Length == 0 ? "" : $"<a href=\"{table.Id}/{TableRecord.CsvFile}\" title=\"{Text(table.Command)}\">{Text(text)}</a>";

    private static string Class(Verdict verdict) => verdict switch { Verdict.Reproduced => "yes", Verdict.ReproducedInShape => "shape", Verdict.NotReproduced => "no", _ => "open" };

    private static string Kind(Column column) => column.Kind.ToString().ToLowerInvariant();

    private static string Inside(byte[] png) => $"data:image/png;base64,{Convert.ToBase64String(png)}";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
