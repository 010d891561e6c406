using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Drift.Abft;

namespace Drift.Bench;

/// <summary>result.csv: one line a row. Everything but the last column, the wall time, repeats byte for byte with the seed.</summary>
internal static class ResultCsv
{
    /// <summary>UTF-8 text.</summary>
    public static byte[] Write(IReadOnlyList<CompareRow> rows)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" }))
        {
            csv.Context.RegisterClassMap(new Columns(rows.Any(row => row.ClipScore is not null), rows.Any(row => row.Outcome is not null)));
            csv.WriteRecords(rows);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>The columns in the order of the properties, named as in result.json; absent values are empty. A CLIP score that nobody asked for has no column, nor have the outcomes of flips where no row has any.</summary>
    private sealed class Columns : ClassMap<CompareRow>
    {
        public Columns(bool clip, bool outcomes)
        {
            Map(row => row.Row).Name("row");
            Number(row => row.Psnr).Name("psnr");
            Number(row => row.PsnrLow).Name("psnrLow");
            Number(row => row.PsnrHigh).Name("psnrHigh");
            Number(row => row.Ssim).Name("ssim");
            Number(row => row.SsimLow).Name("ssimLow");
            Number(row => row.SsimHigh).Name("ssimHigh");
            Number(row => row.Accuracy).Name("accuracy");
            if (clip)
            {
                Number(row => row.ClipScore).Name("clipScore");
                Number(row => row.FeatureDistance).Name("featureDistance");
            }

            Map(row => row.FaultsInjected).Name("faultsInjected");
            Map(row => row.LinesFlagged).Name("linesFlagged");
            Map(row => row.ElementsMended).Name("elementsMended");
            Map(row => row.MissedLarge).Name("missedLarge");
            Map(row => row.FalseAlarms).Name("falseAlarms");
            Number(row => row.EnergyJoulesPerImage).Name("energyJoulesPerImage");
            Number(row => row.EnergySavedPercent).Name("energySavedPercent");
            Number(row => row.EnergySavedPercentPaperMix).Name("energySavedPercentPaperMix");
            Number(row => row.Speedup).Name("speedup");
            if (outcomes)
                MapOutcomes();
            Number(row => row.WallSeconds).Name("wallSeconds");
        }

        private void MapOutcomes()
        {
            Count("exact", outcome => outcome.Exact);
            Count("rolledBack", outcome => outcome.RolledBack);
            Count("left", outcome => outcome.Left);
            Count("recomputed", outcome => outcome.Recomputed);
            Count("unseen", outcome => outcome.Unseen);
            Count("cancelled", outcome => outcome.Cancelled);
            Count("tolerated", outcome => outcome.Tolerated);
            Count("wrongValue", outcome => outcome.WrongValue);
            Count("misplaced", outcome => outcome.Misplaced);
            Number(row => row.OverheadPercent).Name("overheadPercent");
            Number(row => row.SecondsPerImage).Name("secondsPerImage");
        }

        private void Count(string name, Func<Outcome, long> count) =>
            Map(row => row.Outcome, useExistingMap: false).Name(name).Convert(args => args.Value.Outcome is { } outcome ? count(outcome).ToString(CultureInfo.InvariantCulture) : "");

        private MemberMap<CompareRow, double?> Number(System.Linq.Expressions.Expression<Func<CompareRow, double?>> property)
        {
            var read = property.Compile();
            return Map(property).Convert(args => read(args.Value) is { } value && double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "");
        }
    }
}
