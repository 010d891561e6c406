using System.CommandLine;
using Spectre.Console;

namespace Drift.Bench;

/// <summary><c>drift bench decode</c>: what line sums and decoding take of the INT8 product's time at DiT-XL shapes.</summary>
internal static class BenchDecodeCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("decode", "Time INT8 products of DiT-XL shapes under flips with and without decoding, in turn in one run, on one thread");
        var rate = Declare.Number("--rate", "Hits per element", 3e-3, 0.0, 1);
        var codes = Declare.Text("--codes", $"Codes to time, separated by commas, or all: {string.Join(", ", Code.All.Select(code => code.Name))}", "LIST", "plain");
        var json = Declare.Text("--json", "Also write the results here", "FILE");
        var quick = new Option<bool>("--quick") { Description = "Few short rounds: a glance, not a measurement" };
        foreach (var option in new Option[] { rate, codes, json, quick })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            using var file = parsed.GetValue(json) is { } path ? new OutputFile(json.Name, path) : null;
            var settings = parsed.GetValue(quick) ? DuelSettings.Quick : DuelSettings.Full;
            var results = new DecodeBench(Code.Parse(codes.Name, parsed.GetRequiredValue(codes)), parsed.GetValue(rate), settings, session.Cancellation).Run().ToList();
            Print(session.Out, results);
            file?.Commit(ResultJson.Write(results));
            return ErrorPolicy.Success;
        });
        return command;
    }

    private static void Print(TextWriter output, List<DecodeTiming> results)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("layer", "M x N x K", "code");
        foreach (var name in new[] { "p", "product ms", "itself %", "sums %", "decoding %", "all % (quartiles)", "ns a flip", "taken back %" })
            table.AddColumn(new TableColumn(name).RightAligned().NoWrap());
        foreach (var r in results)
            table.AddRow(r.Layer, $"{r.M} x {r.N} x {r.K}", r.Code, Numerals.Of(r.Rate, "G4"), Numerals.Of(1e3 * r.PlainSeconds, "F3"), Numerals.Of(r.Control, "F1"), Numerals.Of(r.Sums, "F1"), Numerals.Of(r.Decoding, "F1"),
                $"{Numerals.Of(r.All.Median, "F1")} ({Numerals.Of(r.All.Lower, "F1")}..{Numerals.Of(r.All.Upper, "F1")})", Numerals.Of(r.NanosecondsAFlip, "F1"), Numerals.Of(r.ExactPercent, "F2"));
        var console = ReportConsole.On(output);
        console.WriteWhole(table);
        console.WriteLine("Medians of rounds, in each of which all forms run once in random order, on one thread (measured). Percentages are of the unchecked product's time of the same round; all go through the same plans of flips. Itself: the unchecked product a second time. Decoding: norms, decoding and what it puts right, beyond the sums.");
    }
}
