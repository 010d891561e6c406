using System.CommandLine;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary><c>drift checksum</c>: what checks are worth on their own. <c>bounds</c>: rounding bounds on fp32 products; <c>faults</c>: line sums that are hit themselves.</summary>
internal static class ChecksumCommand
{
    /// <summary>The command.</summary>
    public static Command Create() => new("checksum", "What the checks are worth on their own: rounding bounds of fp32 sums, and sums that are hit themselves")
    {
        Bounds(),
        Faults(),
    };

    private static Command Bounds()
    {
        var command = new Command("bounds", "Rounding bounds on fp32 products: false alarms, tightness, detection by flipped bit (measured)");
        var products = Declare.Number("--products", "Clean products, shared out among the families of operands", 100_000, 1, 100_000_000);
        var trials = Declare.Number("--trials", "Products whose bits are flipped, each of the 32 once", 1000, 1, 1_000_000);
        var seed = Declare.Number("--seed", "Seed of operands and flips", 0UL, 0UL, ulong.MaxValue);
        var threads = Declare.Number("--threads", "Host threads; the counts do not depend on them", Environment.ProcessorCount, 1, 1024);
        var json = Declare.Text("--json", "Also write the tables here", "FILE");
        foreach (var option in new Option[] { products, trials, seed, threads, json })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            using var file = parsed.GetValue(json) is { } path ? new OutputFile(json.Name, path) : null;
            var options = new BoundOptions(parsed.GetValue(products), parsed.GetValue(trials), parsed.GetValue(seed), parsed.GetValue(threads));
            var report = new BoundCampaign(options, session.Cancellation).Run();
            BoundTable.Print(session.Out, report);
            file?.Commit(ResultJson.Write(report));
            return ErrorPolicy.Success;
        });
        return command;
    }

    private static Command Faults()
    {
        var command = new Command("faults", "Line sums exposed to faults themselves: what each protection makes of INT8 products, with sound sums and with sums that are hit too (measured)");
        var shape = Declare.Text("--shape", "M, N and K of a product", ShapeText.Form, "128x128x256");
        var tile = Declare.Number("--tile", "Edge of a checksum tile", 32, 1, LineMoments.LargestTile);
        var rate = Declare.Number("--rate", "Hits per element, and per sum", 3.219e-3, 0.0, 1);
        var trials = Declare.Number("--trials", "Products", 2000, 1, 1_000_000);
        var seed = Declare.Number("--seed", "Seed of the hits", 0UL, 0UL, ulong.MaxValue);
        var json = Declare.Text("--json", "Also write the table here", "FILE");
        foreach (var option in new Option[] { shape, tile, rate, trials, seed, json })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            var size = ShapeText.Parse(shape.Name, parsed.GetRequiredValue(shape));
            using var file = parsed.GetValue(json) is { } path ? new OutputFile(json.Name, path) : null;
            var options = new SumFaultOptions(size, parsed.GetValue(tile), parsed.GetValue(rate), parsed.GetValue(trials), parsed.GetValue(seed));
            var rows = new SumFaults(options, session.Cancellation).Run();
            SumFaultTable.Print(session.Out, rows);
            file?.Commit(ResultJson.Write(rows));
            return ErrorPolicy.Success;
        });
        return command;
    }
}
