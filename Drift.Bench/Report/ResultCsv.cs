namespace Drift.Bench;

/// <summary>result.csv: one line a row. Everything but the last column, the wall time, repeats byte for byte with the seed.</summary>
internal static class ResultCsv
{
    /// <summary>UTF-8 text: the columns in the order of the properties, named as in result.json; absent values are empty.</summary>
    public static byte[] Write(IReadOnlyList<CompareRow> rows) =>
        CsvTable.Write([.. Columns(rows.Any(row => row.ClipScore is not null), rows.Any(row => row.Outcome is not null))], rows);

    /// <summary>A CLIP score that nobody asked for has no column, nor have the outcomes of flips where no row has any.</summary>
    private static IEnumerable<(string Name, Func<CompareRow, string> Field)> Columns(bool clip, bool outcomes) =>
    [
        ("row", row => row.Row),
        Number("psnr", row => row.Psnr),
        Number("psnrLow", row => row.PsnrLow),
        Number("psnrHigh", row => row.PsnrHigh),
        Number("ssim", row => row.Ssim),
        Number("ssimLow", row => row.SsimLow),
        Number("ssimHigh", row => row.SsimHigh),
        Number("accuracy", row => row.Accuracy),
        .. clip ? ClipColumns : [],
        Count("faultsInjected", row => row.FaultsInjected),
        Count("linesFlagged", row => row.LinesFlagged),
        Count("elementsMended", row => row.ElementsMended),
        Count("missedLarge", row => row.MissedLarge),
        Count("falseAlarms", row => row.FalseAlarms),
        Number("energyJoulesPerImage", row => row.EnergyJoulesPerImage),
        Number("energySavedPercent", row => row.EnergySavedPercent),
        Number("energySavedPercentPaperMix", row => row.EnergySavedPercentPaperMix),
        Number("speedup", row => row.Speedup),
        .. outcomes ? OutcomeColumns : [],
        Number("wallSeconds", row => row.WallSeconds),
    ];

    private static (string Name, Func<CompareRow, string> Field)[] ClipColumns =>
    [
        Number("clipScore", row => row.ClipScore),
        Number("featureDistance", row => row.FeatureDistance),
    ];

    private static (string Name, Func<CompareRow, string> Field)[] OutcomeColumns =>
    [
        Count("exact", row => row.Outcome?.Exact),
        Count("rolledBack", row => row.Outcome?.RolledBack),
        Count("left", row => row.Outcome?.Left),
        Count("recomputed", row => row.Outcome?.Recomputed),
        Count("unseen", row => row.Outcome?.Unseen),
        Count("cancelled", row => row.Outcome?.Cancelled),
        Count("tolerated", row => row.Outcome?.Tolerated),
        Count("wrongValue", row => row.Outcome?.WrongValue),
        Count("misplaced", row => row.Outcome?.Misplaced),
        Number("overheadPercent", row => row.OverheadPercent),
        Number("secondsPerImage", row => row.SecondsPerImage),
    ];

    private static (string Name, Func<CompareRow, string> Field) Number(string name, Func<CompareRow, double?> value) => (name, row => CsvTable.Text(value(row)));

    private static (string Name, Func<CompareRow, string> Field) Count(string name, Func<CompareRow, long?> value) => (name, row => CsvTable.Text(value(row)));
}
