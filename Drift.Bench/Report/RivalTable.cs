using Spectre.Console;

namespace Drift.Bench;

/// <summary>The table of the rows that name a protection: what became of the flips, and what that cost.</summary>
internal static class RivalTable
{
    private static readonly (string Name, string Origin, Func<CompareRow, string> Value)[] Columns =
    [
        ("PSNR dB\n(95 %)", "measured", row => Numerals.Of(row.Psnr, "F1") + (row.PsnrHigh - row.Psnr is { } half && double.IsFinite(half) ? $" ± {Numerals.Of(half, "F1")}" : "")),
        ("class\nright %", "measured", row => Numerals.Of(row.Accuracy * 100, "F0")),
        ("flips\n", "measured", row => Numerals.Of(row.Outcome?.Flips)),
        ("exact\n%", "measured", row => Share(row.Outcome?.Exact, row.Outcome?.Flips)),
        ("rolled\nback %", "measured", row => Share(row.Outcome?.RolledBack, row.Outcome?.Flips)),
        ("left\n< 2^10 %", "measured", row => Share(row.Outcome?.Left, row.Outcome?.Flips)),
        ("elements\nrecomputed", "measured", row => Numerals.Of(row.Outcome?.Recomputed)),
        ("escaped\nunseen", "measured", row => Numerals.Of(row.Outcome?.Unseen)),
        ("escaped\ncancelled", "measured", row => Numerals.Of(row.Outcome?.Cancelled)),
        ("escaped\ntolerated", "measured", row => Numerals.Of(row.Outcome?.Tolerated)),
        ("escaped\nwrong value", "measured", row => Numerals.Of(row.Outcome?.WrongValue)),
        ("escaped\nmisplaced", "measured", row => Numerals.Of(row.Outcome?.Misplaced)),
        ("energy\nmJ/image", "modelled", row => Numerals.Of(1e3 * row.EnergyJoulesPerImage, "F3")),
        ("own over-\nhead %", "modelled", row => Numerals.Of(row.OverheadPercent, "F1")),
        ("energy\nsaved %", "modelled", row => Numerals.Of(row.EnergySavedPercent, "F1")),
        ("energy\nsaved %", "quoted mix", row => Numerals.Of(row.EnergySavedPercentPaperMix, "F1")),
        ("time\nms/image", "modelled", row => Numerals.Of(1e3 * row.SecondsPerImage, "F2")),
        ("speed-up\n", "modelled", row => Numerals.Of(row.Speedup, "F2")),
    ];

    /// <summary>Prints it; nothing where there is no such row.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="rows">The rows, in table order.</param>
    public static void Print(TextWriter output, IReadOnlyList<CompareRow> rows)
    {
        if (rows.Count == 0)
            return;
        var table = new Table().Border(TableBorder.Rounded).AddColumn(new TableColumn("row").NoWrap());
        foreach (var (name, origin, _) in Columns)
            table.AddColumn(new TableColumn($"{(name.EndsWith('\n') ? name + " " : name)}\n[dim]{origin}[/]").RightAligned().NoWrap());
        foreach (var row in rows)
            table.AddRow([row.Row, .. Columns.Select(column => column.Value(row))]);
        var console = ReportConsole.On(output);
        console.WriteWhole(table);
        console.WriteLine("Flips by what became of them, against the fault plan; what escaped is off by 2^10 or more and goes on. Unseen: no line sums. Cancelled: other flips on its row or column hide it. Tolerated: both lines show it and the rule let it pass. Wrong value: a flipped element was replaced wrongly. Misplaced: a sound element was.");
        console.WriteLine("Own overhead: checks, products executed again, checkpoints and restores, over the rest of the energy.");
    }

    private static string Share(long? part, long? whole) => part is { } a && whole is > 0 and { } b ? Numerals.Of(100.0 * a / b, "F2") : "-";
}
