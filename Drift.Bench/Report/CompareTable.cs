using Spectre.Console;
using Spectre.Console.Rendering;

namespace Drift.Bench;

/// <summary>The table of a comparison. Each heading says whether its column was measured here, modelled, or rests on a quoted figure.</summary>
internal static class CompareTable
{
    private const string Measured = "measured", Modelled = "modelled", Quoted = "quoted mix";

    /// <summary>Width of a row's name where it must wrap: its longest word.</summary>
    private const int NarrowTitle = 12;

    /// <summary>How many columns tell of the pictures, of the faults, and of the cost: what stays together on a narrow console.</summary>
    private static int[] Groups(IEnumerable<CompareRow> rows) => HaveClip(rows) ? [4, 5, 5] : [3, 5, 5];

    private static readonly (string Name, string Unit, string Origin, Func<CompareRow, string> Value)[] Usual =
    [
        ("PSNR dB", "(95 %)", Measured, row => Interval(row.Psnr, row.PsnrHigh, "F1")),
        ("SSIM", "(95 %)", Measured, row => Interval(row.Ssim, row.SsimHigh, "F3")),
        ("class", "right %", Measured, row => Numerals.Of(row.Accuracy * 100, "F1")),
        ("faults", "injected", Measured, row => Numerals.Of(row.FaultsInjected)),
        ("lines", "flagged", Measured, row => Numerals.Of(row.LinesFlagged)),
        ("elements", "mended", Measured, row => Numerals.Of(row.ElementsMended)),
        ("missed", ">= 2^10", Measured, row => Numerals.Of(row.MissedLarge)),
        ("false", "alarms", Measured, row => Numerals.Of(row.FalseAlarms)),
        ("energy", "J/image", Modelled, row => Numerals.Of(row.EnergyJoulesPerImage, "G4")),
        ("energy", "saved %", Modelled, row => Numerals.Of(row.EnergySavedPercent, "F1")),
        ("energy", "saved %", Quoted, row => Numerals.Of(row.EnergySavedPercentPaperMix, "F1")),
        ("speed-up", "", Modelled, row => Numerals.Of(row.Speedup, "F2")),
        ("wall s", "", Measured, row => Numerals.Of(row.WallSeconds, "F2")),
    ];

    /// <summary>Pictures of classes are judged by a classifier, those of prompts by a CLIP.</summary>
    private static (string Name, string Unit, string Origin, Func<CompareRow, string> Value)[] Columns(IEnumerable<CompareRow> rows) => !HaveClip(rows) ? Usual
        : [.. Usual.SelectMany(column => column.Name == "class" ? OfClip : [column])];

    private static readonly (string Name, string Unit, string Origin, Func<CompareRow, string> Value)[] OfClip =
        [("CLIP", "score", Measured, row => Numerals.Of(row.ClipScore, "F3")), ("feature", "distance", Measured, row => Numerals.Of(row.FeatureDistance, "F3"))];

    private static bool HaveClip(IEnumerable<CompareRow> rows) => rows.Any(row => row.ClipScore is not null);

    /// <summary>Prints it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="rows">The rows, in table order.</param>
    public static void Print(TextWriter output, IReadOnlyList<CompareRow> rows) => Print(ReportConsole.On(output), rows);

    /// <summary>Prints it as one table, or as several stacked ones where the console is too narrow for one.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="rows">The rows, in table order.</param>
    public static void Print(IAnsiConsole console, IReadOnlyList<CompareRow> rows)
    {
        var whole = Wide(rows);
        IReadOnlyList<Table> tables = WidthOf(whole, console) <= console.Profile.Width ? [whole] : Stacked(rows, console);
        // A console narrower than any table breaks lines; cells that are cut would lose what they say.
        var width = console.Profile.Width;
        console.Profile.Width = Math.Max(width, tables.Max(table => WidthOf(table, console)));
        foreach (var table in tables)
            console.Write(table);
        console.Profile.Width = width;
        console.WriteLine("PSNR and SSIM: against the nominal row, mean over the pictures with its 95 % interval.");
        if (HaveClip(rows))
            console.WriteLine("CLIP score: cosine between a picture and its prompt; feature distance: to the nominal row, in the eyes of the same CLIP (not LPIPS); means over the pictures.");
        console.WriteLine("Quoted mix: modelled too, but with this run's relative compute energy and traffic weighted by the paper's compute-to-memory ratio k.");
    }

    private static Table Wide(IReadOnlyList<CompareRow> rows) =>
        Filled(new Table().Border(TableBorder.Rounded).AddColumn(new TableColumn("row").NoWrap()), Columns(rows), rows);

    /// <summary>As many groups of columns a table as the console has room for, one blank between them.</summary>
    private static List<Table> Stacked(IReadOnlyList<CompareRow> rows, IAnsiConsole console)
    {
        Table Narrow(Range columns)
        {
            var table = Filled(new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("row").Width(NarrowTitle)), Columns(rows)[columns], rows);
            foreach (var column in table.Columns)
                column.Padding(0, 0);
            return table;
        }

        var (tables, groups) = (new List<Table>(), Groups(rows));
        for (var (first, group) = (0, 0); group < groups.Length;)
        {
            var next = first + groups[group++];
            while (group < groups.Length && WidthOf(Narrow(first..(next + groups[group])), console) <= console.Profile.Width)
                next += groups[group++];
            tables.Add(Narrow(first..next));
            first = next;
        }

        return tables;
    }

    private static Table Filled(Table table, (string Name, string Unit, string Origin, Func<CompareRow, string> Value)[] columns, IReadOnlyList<CompareRow> rows)
    {
        foreach (var (name, unit, origin, _) in columns)
            table.AddColumn(new TableColumn($"{name}\n{(unit.Length == 0 ? " " : unit)}\n[dim]{origin}[/]").RightAligned().NoWrap());
        foreach (var row in rows)
            table.AddRow([Title(row.Row), .. columns.Select(column => column.Value(row))]);
        return table;
    }

    private static int WidthOf(IRenderable table, IAnsiConsole console) => table.Measure(RenderOptions.Create(console), int.MaxValue / 2).Max;

    /// <summary>The same table for a page of documentation.</summary>
    /// <param name="rows">The rows, in table order.</param>
    public static string ToMarkdown(IReadOnlyList<CompareRow> rows)
    {
        var columns = Columns(rows);
        static string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |\n";
        return Line(["row", .. columns.Select(column => $"{column.Name} {column.Unit} *{column.Origin}*".Replace("  ", " ", StringComparison.Ordinal))])
            + Line(["---", .. columns.Select(_ => "---:")])
            + string.Concat(rows.Select(row => Line([Title(row.Row), .. columns.Select(column => column.Value(row))])));
    }

    /// <summary>A row's name as people read it.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>.</param>
    public static string Title(string row) => row switch
    {
        "unprotected" => "undervolted, unprotected",
        "rollback" => "undervolted + rollback",
        "drift" => "DRIFT",
        "drift-overclocked" => "DRIFT overclocked",
        "unprotected-wide" => "undervolted, unprotected, wide",
        "drift-wide" => "DRIFT, wide",
        _ => row,
    };

    private static string Interval(double? mean, double? high, string format) =>
        Numerals.Of(mean, format) + (high - mean is { } half && double.IsFinite(half) ? $" ± {Numerals.Of(half, format)}" : "");
}
