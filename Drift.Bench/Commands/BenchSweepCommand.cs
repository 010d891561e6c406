using System.CommandLine;
using System.Globalization;
using Drift.Kernels;
using Drift.Models;
using MathNet.Numerics.Statistics;
using Spectre.Console;

namespace Drift.Bench;

/// <summary><c>drift bench sweep</c>: what threads bring a campaign, beside what the machine gives.</summary>
internal static class BenchSweepCommand
{
    private const int Trials = 4, Rounds = 3;
    private const string Free = "none";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("sweep", "Time campaigns on one thread, on all, and as many apart as threads, in turn in one run");
        var model = Declare.Model();
        var protection = Declare.Choice("--protection", "How trials are protected", Free, [.. ProtectionCatalog.Names.Where(name => name != "range-clamp")]);
        var steps = Declare.Optional("--sampling-steps", "Sampling steps [default: the model's]", 1, 1000);
        var trials = Declare.Number("--trials", "Trials of each group of steps in a turn, for each thread", Trials, 1, 100_000);
        var rounds = Declare.Number("--rounds", "Turns of each side, behind one that warms up", Rounds, 1, 1000);
        var threads = Declare.Number("--threads", "Threads, against one", Math.Max(2, Environment.ProcessorCount), 2, 1024);
        var backend = Declare.Backend("What computes the INT8 products");
        var json = Declare.Text("--json", "Also write the results here", "FILE");
        foreach (var option in new Option[] { model, protection, steps, trials, rounds, threads, backend, json })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            var folder = ModelFolder.Find(parsed.GetRequiredValue(model));
            var plan = Plan(folder, parsed.GetRequiredValue(protection), parsed.GetValue(steps), parsed.GetValue(trials));
            return Run(new SweepBenchOptions(plan, folder, parsed.GetRequiredValue(backend), parsed.GetValue(threads), parsed.GetValue(rounds)), parsed.GetValue(json), session);
        });
        return command;
    }

    /// <summary>The default campaign's groups of steps, all blocks at once.</summary>
    private static CampaignPlan Plan(ModelFolder model, string protection, int? steps, int trials)
    {
        var values = protection == Free ? [] : new Dictionary<string, string> { [Axes.Protection] = protection };
        var subjects = model.Subjects.Select(subject => CampaignSubjects.NameOf(model, subject));
        return new PlanRequest(model, Axes.Step, values, Metric.All[0].Name, null, trials, 2, 2, StoppingRule.Student, steps, null, 0, "saturating", [.. subjects]).ToPlan();
    }

    private static int Run(SweepBenchOptions options, string? json, Session session)
    {
        using var file = json is null ? null : new OutputFile("--json", json);
        using var bench = new SweepBench(options);
        IReadOnlyList<SweepTurn> turns;
        try
        {
            turns = bench.Run(session);
        }
        catch (DisagreementException disagreement)
        {
            return ErrorPolicy.Tell(session.Error, disagreement.Message, ErrorPolicy.Failure);
        }

        var ratios = SweepRatio.All(turns);
        Print(session.Out, turns, ratios);
        var machine = new Dictionary<string, object?>(MachineRecord.Survey()!)
        {
            ["processor"] = MachineRecord.Processor(),
            ["int8Path"] = Backends.Survey().Single(backend => backend.Name == Backends.Default).Detail,
            ["processorsTakenByOthers"] = turns.Average(turn => turn.Taken),
            ["dotnet"] = Environment.Version.ToString(),
        };
        file?.Commit(ResultJson.Write(new SweepReport(machine, options.Plan, ratios, turns)));
        return ErrorPolicy.Success;
    }

    private static void Print(TextWriter output, IReadOnlyList<SweepTurn> turns, IReadOnlyList<SweepRatio> ratios)
    {
        var (sides, table) = (new Table().Border(TableBorder.Rounded).AddColumns("side"), new Table().Border(TableBorder.Rounded).AddColumns("ours", "against"));
        foreach (var name in new[] { "threads", "trials/s", "processors busy", "their ms a trial", "in the kernel %", "MB allocated a trial", "taken by others" })
            sides.AddColumn(new TableColumn(name).RightAligned());
        foreach (var group in turns.Where(turn => turn.Side <= SweepSide.Apart).GroupBy(turn => turn.Side))
        {
            string Middle(Func<SweepTurn, double> value, string format) => Numerals.Of(group.Select(value).Median(), format);
            sides.AddRow(group.Key.ToString().ToLowerInvariant(), Numerals.Of(group.First().Threads, "F0"), Middle(turn => turn.Rate, "F2"), Middle(turn => turn.ProcessorSeconds / turn.Seconds, "F3"),
                Middle(turn => 1e3 * turn.ProcessorSeconds / turn.Trials, "F1"), Middle(turn => 100 * turn.SystemSeconds / turn.ProcessorSeconds, "F2"),
                Middle(turn => 1e-6 * turn.Allocated / turn.Trials, "F2"), Middle(turn => turn.Taken, "F3"));
        }

        foreach (var name in new[] { "ours", "rival", "unit", "ours / rival", "least", "most", "rounds", "disturbed" })
            table.AddColumn(new TableColumn(name).RightAligned());
        foreach (var r in ratios)
            table.AddRow($"{r.What}, {r.Threads} threads", r.RivalName, Numerals.Of(r.Ours, "F2"), Numerals.Of(r.Rival, "F2"), r.Unit, Numerals.Of(r.Ratio, "F3") + (r.IsDisturbed ? "*" : " "), Numerals.Of(r.Least, "F3"), Numerals.Of(r.Most, "F3"),
                Numerals.Of(r.Rounds, "F0"), Numerals.Of(r.Disturbed, "F0"));
        var console = ReportConsole.On(output);
        console.Write(sides);
        console.WriteWhole(table);
        console.WriteLine("Medians of turns in turn, in one process (measured). Each turn is a whole campaign, as much a thread on every side: clean runs, trials, journal, progress. Apart: as many campaigns as threads, which share only the process.");
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Rounds in which others took over {SweepTurn.Bearable} processors from a side are disturbed and do not count; * where there is no other, and the ratio is not to be trusted."));
    }
}
