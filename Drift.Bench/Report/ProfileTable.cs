using System.Globalization;
using Drift.Models;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>The tables of <c>--profile</c>: time by kind, then the layers that took most.</summary>
internal static class ProfileTable
{
    private const int LayersShown = 12;

    /// <summary>Prints a table for each way of a drawing that was profiled, and what a weight cache did.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="names">The ways.</param>
    /// <param name="lab">Drew them.</param>
    public static void PrintAll(TextWriter output, IReadOnlyList<string> names, Lab lab)
    {
        foreach (var (name, profile) in names.Zip(lab.Profiles))
            Print(output, name, profile);
        if (lab.WeightCache is { } cache)
            output.WriteLine(cache.Summary);
    }

    /// <summary>Prints one.</summary>
    public static void Print(TextWriter output, string name, Models.Profile profile)
    {
        var console = ReportConsole.On(output);
        var (total, entries) = (profile.Total, profile.Entries);
        var inside = TimeSpan.FromTicks(entries.Sum(entry => entry.Time.Ticks));
        var table = Table("kind");
        foreach (var kind in entries.GroupBy(entry => entry.Kind).OrderByDescending(kind => kind.Sum(entry => entry.Time.Ticks)))
            Row(table, kind.Key, [.. kind], total);
        table.AddRow("outside", "", "", Share(total - inside, total), Seconds(total - inside), "");
        table.AddRow("all", "", "", "100.0", Seconds(total), "");
        console.WriteLine($"{name}: time of the denoiser, summed over pictures (measured). Products contain quantisation, checks and repairs; outside are norms, activations, embeddings and the sampler.");
        console.WriteWhole(table);
        var layers = Table("layer");
        foreach (var entry in entries.Where(entry => entry.Layer is not null).OrderByDescending(entry => entry.Time).Take(LayersShown))
            Row(layers, $"{entry.Layer}", [entry], total);
        console.WriteWhole(layers);
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Peak memory of the process so far: {Environment.WorkingSet / 1e6:F0} MB now, {PeakBytes() / 1e6:F0} MB at most."));
    }

    private static long PeakBytes()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    private static Table Table(string first)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(first);
        foreach (var title in new[] { "calls", "GMACs", "share %", "seconds", "GMAC/s" })
            table.AddColumn(new TableColumn(title).RightAligned());
        return table;
    }

    private static void Row(Table table, string name, IReadOnlyList<ProfileEntry> entries, TimeSpan total)
    {
        var (time, macs) = (TimeSpan.FromTicks(entries.Sum(entry => entry.Time.Ticks)), entries.Sum(entry => entry.Macs) / 1e9);
        table.AddRow(name, entries.Sum(entry => entry.Calls).ToString("N0", CultureInfo.InvariantCulture), macs.ToString("F2", CultureInfo.InvariantCulture), Share(time, total), Seconds(time),
            (macs / time.TotalSeconds).ToString("F1", CultureInfo.InvariantCulture));
    }

    private static string Share(TimeSpan part, TimeSpan total) => (100 * part / total).ToString("F1", CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("F3", CultureInfo.InvariantCulture);
}
