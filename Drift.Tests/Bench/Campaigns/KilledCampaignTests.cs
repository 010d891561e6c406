using System.Diagnostics;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>A campaign in a process of its own, killed again and again: what it leaves in the end is what an undisturbed one leaves.</summary>
[TestFixture]
public sealed class KilledCampaignTests
{
    private const int FewKills = 5;
    private string _root = "";

    [OneTimeSetUp]
    public void MakeFolder() => _root = Directory.CreateTempSubdirectory("drift-killed-").FullName;

    [OneTimeTearDown]
    public void RemoveFolder() => Directory.Delete(_root, true);

    /// <summary>CI asks for twenty; a process takes a second to begin.</summary>
    private static int Kills => int.TryParse(Environment.GetEnvironmentVariable("DRIFT_KILLS"), out var kills) ? kills : FewKills;

    [Test]
    public void Kills_change_nothing()
    {
        var plan = CampaignBench.Plan("dit-fashion", 3, 60, (Axes.Step, "0,2"), (Axes.Block, "0,7"));
        var file = Path.Combine(_root, "plan.json");
        File.WriteAllBytes(file, plan.ToJson());
        var target = Path.Combine(_root, "killed");
        var (random, kills) = (new Random(11), 0);
        while (true)
        {
            using var process = Start(file, target);
            // Some before the first record, most among the records, a few in the middle of one: the journal tells when the work has begun.
            if (kills < Kills)
            {
                var (journal, limit) = (Path.Combine(target, CampaignFolder.JournalFile), random.Next(1, 1500));
                var begun = Length(journal);
                while (!process.HasExited && Length(journal) < begun + limit)
                    Thread.Sleep(1);
                if (!process.HasExited)
                {
                    process.Kill();
                    kills++;
                }
            }

            process.WaitForExit();
            if (process.ExitCode == ErrorPolicy.Success)
                break;
        }

        Assert.That(CampaignBench.Run(plan, Path.Combine(_root, "whole")).ExitCode, Is.Zero);
        Assert.That(kills, Is.EqualTo(Kills));
        Assert.That(File.ReadAllBytes(Path.Combine(target, CellsCsv.FileName)), Is.EqualTo(File.ReadAllBytes(Path.Combine(_root, "whole", CellsCsv.FileName))));
        Assert.That(Trials(target), Is.EqualTo(Trials(Path.Combine(_root, "whole"))));
    }

    /// <summary>Every record, without its wall time, in the order of cells and trials; one that stands there twice would show.</summary>
    private static string[] Trials(string folder) => [.. Journal<TrialRow>.Records(Path.Combine(folder, CampaignFolder.JournalFile))
        .OrderBy(row => (row.Cell, row.Trial)).Select(row => System.Text.Encoding.UTF8.GetString((row with { Milliseconds = 0 }).ToJson()))];

    private static long Length(string file) => new FileInfo(file) is { Exists: true } info ? info.Length : 0;

    private static Process Start(string plan, string target)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "drift.dll"), "sweep", "--plan", plan, "--out", target, "--threads", "2" })
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
