using System.CommandLine;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary><c>drift bench conv</c>, <c>attention</c> and <c>norms</c>: each kernel of ours with its unprotected form and with other libraries, in one process run.</summary>
internal static class BenchContestCommand
{
    /// <summary>How often a disturbed pair is measured.</summary>
    private const int Attempts = 3;

    /// <summary>A command.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="help">What it does.</param>
    /// <param name="contests">What it measures.</param>
    public static Command Create(string name, string help, Func<IReadOnlyList<Contest>> contests)
    {
        var command = new Command(name, help);
        var rivals = new Option<bool>("--rivals") { Description = "Also against ONNX Runtime, where it is installed" };
        var json = Declare.Text("--json", "Also write the results here", "FILE");
        var threads = Declare.Optional("--threads", "Threads of a kernel; without it, one and then all", 1, 1024);
        var quick = new Option<bool>("--quick") { Description = "Few short rounds: a glance, not a measurement" };
        var only = Declare.Text("--only", "Only contests whose name has this in it, as 'int8', 'fp32 64 x 64' or 'softmax'", "TEXT");
        var chart = Declare.Text("--chart", "Also draw the ratios here, as PNG", "FILE");
        var overheads = new Option<bool>("--overheads") { Description = "Only our own forms beside the unprotected one, in random order, with quartiles and a control: tells a part of a percent" };
        var seconds = Declare.Number("--seconds", "With --overheads: how long a shape is timed", 20, 0.0, 3600);
        foreach (var option in new Option[] { rivals, json, chart, threads, quick, only, overheads, seconds })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            int[] counts = parsed.GetValue(threads) is { } count ? [count] : [.. new[] { 1, Environment.ProcessorCount }.Distinct()];
            var glance = parsed.GetValue(quick);
            if (parsed.GetValue(overheads))
            {
                foreach (var (other, why) in new (Option, string)[] { (rivals, "which times our own forms only"), (chart, "which draws nothing"), (quick, $"whose length is {seconds.Name}") })
                {
                    if (parsed.GetResult(other) is { Implicit: false })
                        throw new UserErrorException($"{other.Name}: of no use with --overheads, {why}");
                }

                return Run(Guarded(Chosen(contests(), parsed.GetValue(only))), counts, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(json), session);
            }

            if (parsed.GetResult(seconds) is { Implicit: false })
                throw new UserErrorException("--seconds: expected --overheads with it");
            var options = new ContestOptions(counts, parsed.GetValue(rivals), glance ? DuelSettings.Quick : DuelSettings.Full, glance ? 1 : Attempts);
            return Run(options, Chosen(contests(), parsed.GetValue(only)), parsed.GetValue(json), parsed.GetValue(chart), session);
        });
        return command;
    }

    private static string Name(Contest contest) => $"{contest.What} {contest.Type} {contest.Label}";

    private static Contest[] Chosen(IReadOnlyList<Contest> all, string? only)
    {
        Contest[] chosen = [.. all.Where(contest => only is null || Name(contest).Contains(only, StringComparison.OrdinalIgnoreCase))];
        return chosen.Length > 0 ? chosen : throw new UserErrorException($"--only {only}: no contest has that in its name; expected a part of one of {string.Join("; ", all.Select(Name))}");
    }

    private static Contest[] Guarded(Contest[] chosen)
    {
        Contest[] guarded = [.. chosen.Where(contest => contest.Ours.Count > 1)];
        return guarded.Length > 0 ? guarded : throw new UserErrorException($"--overheads: expected a contest with two forms of ours; of {string.Join("; ", chosen.Select(Name))} there is one");
    }

    private static ContestSpread? Spread(ContestResult result) => result is { Pair: var pair, Ratio: { } ratio, Control: { } control }
        ? new ContestSpread(pair.What, pair.Type, result.Label, pair.Threads, pair.Protection, ratio.Rounds, ratio.Ratio, control.Ratio)
        : null;

    private static int Run(ContestOptions options, IReadOnlyList<Contest> contests, string? json, string? chart, Session session)
    {
        using var file = json is null ? null : new OutputFile("--json", json);
        using var picture = chart is null ? null : new OutputFile("--chart", chart);
        var bench = new ContestBench(options, session.Cancellation);
        try
        {
            bench.Run(contests, session);
        }
        catch (DisagreementException disagreement)
        {
            return ErrorPolicy.Tell(session.Error, disagreement.Message, ErrorPolicy.Failure);
        }

        ContestTable.Print(session.Out, bench.Results, bench.Notes);
        var spreads = bench.Results.Select(Spread).OfType<ContestSpread>();
        file?.Commit(ResultJson.Write(new ContestReport(Machine(bench.Taken), [.. bench.Results.Select(result => result.Pair)], [.. spreads])));
        picture?.Commit(ContestChart.ToPng(bench.Results));
        return ErrorPolicy.Success;
    }

    private static int Run(Contest[] contests, int[] counts, TimeSpan length, string? json, Session session)
    {
        using var file = json is null ? null : new OutputFile("--json", json);
        var bout = new Bout(BoutSettings.Fine(length), TimeProvider.System, session.Cancellation);
        List<OverheadResult> results = [];
        try
        {
            RunProgress.Show([contests[0].What], contests.Length * counts.Length, session, moved =>
            {
                foreach (var (threads, contest) in from threads in counts from contest in contests select (threads, contest))
                {
                    var (times, taken) = Neighbours.Least(1, threads, () => ContestBench.Meet(contest, threads, bout));
                    results.AddRange(OverheadResult.Of(contest, threads, times, taken));
                    moved(0, 1);
                }
            });
        }
        catch (DisagreementException disagreement)
        {
            return ErrorPolicy.Tell(session.Error, disagreement.Message, ErrorPolicy.Failure);
        }

        OverheadTable.Print(session.Out, results);
        file?.Commit(ResultJson.Write(new { machine = Machine(results.Select(result => result.Taken).DefaultIfEmpty(0).Average()), results }));
        return ErrorPolicy.Success;
    }

    private static Dictionary<string, object?> Machine(double taken) => new(MachineRecord.Survey()!)
    {
        ["processor"] = MachineRecord.Processor(),
        ["int8Path"] = Backends.Survey().Single(backend => backend.Name == Backends.Default).Detail,
        ["processorsTakenByOthers"] = taken,
        ["dotnet"] = Environment.Version.ToString(),
    };
}
