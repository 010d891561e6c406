using Drift.Models;

namespace Drift.Bench;

/// <summary>What a finished campaign leaves in its folder, beside its plan and its journal.</summary>
internal static class CampaignResults
{
    /// <summary>Writes it all.</summary>
    /// <param name="folder">The campaign's.</param>
    /// <param name="lab">Draws the pictures at the knee again.</param>
    /// <param name="states">One a cell, all with trials.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public static CampaignSummary Write(CampaignFolder folder, CampaignLab lab, IReadOnlyList<CellState> states, CancellationToken cancellation)
    {
        var plan = lab.Plan;
        folder.Write(CellsCsv.FileName, CellsCsv.Write(plan, states));
        TrialsParquet.Write(plan, folder.Journal, Path.Combine(folder.Path, TrialsParquet.FileName));
        var summary = CampaignSummary.Of(plan, states);
        folder.Write("summary.json", ResultJson.Write(summary));
        var charts = new CampaignCharts(plan, states).Draw().ToList();
        foreach (var chart in charts)
            folder.Write($"{chart.Name}.png", chart.Png);
        var sheet = new SkiaPictures().Encode(ContactSheet.Draw(lab, states, cancellation));
        folder.Write("knee.png", sheet);
        folder.Write(ReportPage.FileName, ReportPage.Write(plan, states, summary, charts, sheet));
        return summary;
    }
}
