using System.CommandLine;
using System.Globalization;

namespace Drift.Bench;

/// <summary><c>drift bench roofline</c>: the machine's peak rates and bandwidths, and our products under them, as a table and a picture.</summary>
internal static class BenchRooflineCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("roofline", "Measure this machine's peak rates and bandwidths and draw our products under them");
        var output = Declare.Text("--out", "The picture", "FILE", Path.Combine("results", "bench", "roofline.png"));
        var json = Declare.Text("--json", "Also write the results here", "FILE");
        var threads = Declare.Number("--threads", "Threads of a product", 1, 1, 1024);
        var types = Declare.Choices("--type", "Types of product, comma-separated; without it, all", GemmKinds.Types);
        var layers = Declare.Choices("--layers", "Sets of layers, comma-separated; without it, a few of each type", GemmLayer.Sets.Keys);
        var quick = new Option<bool>("--quick") { Description = "Few short rounds: a glance, not a measurement" };
        foreach (var option in new Option[] { output, json, threads, types, layers, quick })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            var count = parsed.GetValue(threads);
            var options = new GemmBenchOptions(GemmContest.Roofline, [count], false, parsed.GetValue(quick) ? DuelSettings.Quick : DuelSettings.Full, 1)
            {
                Types = parsed.GetValue(types) ?? [],
                Layers = parsed.GetValue(layers) ?? [],
            };
            return Run(options, count, parsed.GetRequiredValue(output), parsed.GetValue(json), session);
        });
        return command;
    }

    private static int Run(GemmBenchOptions options, int threads, string output, string? json, Session session)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(output)) is { } folder && !File.Exists(folder))
            Directory.CreateDirectory(folder);
        using var picture = new OutputFile("--out", output);
        using var file = json is null ? null : new OutputFile("--json", json);
        var notes = new List<string>();
        var (peaks, bandwidths) = (Roofline.Peaks(threads, notes), Roofline.Bandwidths(threads));
        var bench = new GemmBench(options, session.Cancellation);
        bench.Run(session);
        var machine = new Dictionary<string, object?>(MachineRecord.Survey()!) { ["processor"] = MachineRecord.Processor(), ["processorsTakenByOthers"] = bench.Taken, ["dotnet"] = Environment.Version.ToString() };
        var report = new RooflineReport(machine, threads, peaks, bandwidths, [.. bench.Results.Select(result => Roofline.Point(result, peaks))]);
        RooflineTable.Print(session.Out, report, [.. notes, .. bench.Notes]);
        picture.Commit(RooflineChart.ToPng(report));
        file?.Commit(ResultJson.Write(report));
        session.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{output}: the picture"));
        return ErrorPolicy.Success;
    }
}
