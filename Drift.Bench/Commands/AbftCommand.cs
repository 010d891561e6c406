using System.CommandLine;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary><c>drift abft</c>: the checks of products in isolation, on random operands.</summary>
internal static class AbftCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("abft", "Checks in isolation: what a detector and a corrector make of flips in random products, with the theory beside it");
        var shape = Declare.Text("--shape", "M, N and K of a product", ShapeText.Form, "64x64x128");
        var type = Declare.Choice("--type", "Type of the operands", AbftNames.Int8, [.. AbftNames.Types]);
        var tile = Declare.Number("--tile", "Edge of a checksum tile", 32, 1, GemmWeights.LargestTile);
        var detector = Declare.Text("--detector", $"Which lines are flagged; {PerType(AbftNames.DetectorsOf)} [default: the first]", "NAME");
        var threshold = Declare.Number("--threshold", "Least deviation that the detector threshold flags", 1024, 1, int.MaxValue);
        var corrector = Declare.Text("--corrector", $"What is done about them; {PerType(AbftNames.CorrectorsOf)} [default: the first]", "NAME");
        var backend = Declare.Backend("What computes the INT8 products");
        var rate = Declare.Number("--rate", "Hits per output element; each inverts one bit, of 0..30 in an accumulator and of 0..31 in a fp32 output", 3.219e-3, 0.0, 1);
        var flips = Declare.Texts("--flip", "A flip of every trial in place of drawn ones; may be given several times", "row,col,bit");
        var trials = Declare.Number("--trials", "Products", 100_000L, 1L, 1_000_000_000_000L);
        var seed = Declare.Number("--seed", "Seed of operands and flips", 0UL, 0UL, ulong.MaxValue - 4096);
        var threads = Declare.Number("--threads", "Host threads; the counts do not depend on them", Environment.ProcessorCount, 1, 1024);
        var json = Declare.Text("--json", "Also write the result here", "FILE");
        var csv = Declare.Text("--csv", "Also write the table here", "FILE");
        foreach (var option in new Option[] { shape, type, tile, detector, threshold, corrector, backend, rate, flips, trials, seed, threads, json, csv })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            var kind = parsed.GetRequiredValue(type);
            var size = ShapeText.Parse(shape.Name, parsed.GetRequiredValue(shape));
            var options = new AbftOptions(size, kind, parsed.GetValue(tile), OneOf(detector.Name, parsed.GetValue(detector), AbftNames.DetectorsOf(kind), kind), parsed.GetValue(threshold),
                OneOf(corrector.Name, parsed.GetValue(corrector), AbftNames.CorrectorsOf(kind), kind), parsed.GetRequiredValue(backend), parsed.GetValue(rate),
                Flips(flips.Name, parsed.GetRequiredValue(flips), size), parsed.GetValue(trials), parsed.GetValue(seed), parsed.GetValue(threads));
            Require(options, tile.Name, backend.Name);
            if (options.Detector != AbftNames.ByThreshold && IsGiven(parsed, threshold))
                throw new UserErrorException($"{threshold.Name}: the detector {options.Detector} has none; expected it beside {detector.Name} {AbftNames.ByThreshold}");
            if (options.Flips.Count > 0 && IsGiven(parsed, rate))
                throw new UserErrorException($"{rate.Name}: the flips are those of {flips.Name}; expected one of the two");
            using var jsonFile = parsed.GetValue(json) is { } path ? new OutputFile(json.Name, path) : null;
            using var csvFile = parsed.GetValue(csv) is { } table ? new OutputFile(csv.Name, table) : null;
            var report = AbftRun.Run(options, session.Cancellation);
            AbftTable.Print(session.Out, report);
            jsonFile?.Commit(ResultJson.Write(report));
            csvFile?.Commit(AbftTable.ToCsv(report));
            return ErrorPolicy.Success;
        });
        return command;
    }

    private static void Require(AbftOptions options, string tile, string backend)
    {
        if (options.Tile > AbftNames.LargestTile(options.Corrector))
            throw new UserErrorException($"{tile}: {options.Tile} is too large for the corrector {options.Corrector}; expected at most {AbftNames.LargestTile(options.Corrector)}");
        if (options.Type != AbftNames.Int8 && options.Backend != Backends.Default)
            throw new UserErrorException($"{backend}: {options.Type} products are computed by {Backends.Default} alone, not by {options.Backend}");
        // Says in one line why an absent device is absent.
        Backends.Open(options.Backend).Dispose();
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static string PerType(Func<string, IReadOnlyList<string>> names) => string.Join("; ", AbftNames.Types.Select(type => $"{type}: {string.Join(", ", names(type))}"));

    private static string OneOf(string option, string? given, IReadOnlyList<string> names, string type) => given is null ? names[0]
        : names.Contains(given) ? given
        : throw new UserErrorException($"{option}: there is no '{given}' for {type}; expected one of {string.Join(", ", names)}");

    private static List<Flip> Flips(string option, string[] texts, GemmShape shape)
    {
        var flips = Read(option, texts, shape);
        return flips.GroupBy(flip => flip).FirstOrDefault(group => group.Count() > 1) is { Key: var (row, column, bit) }
            ? throw new UserErrorException($"{option}: {row},{column},{bit} is given twice; expected each flip once")
            : flips;
    }

    private static List<Flip> Read(string option, string[] texts, GemmShape shape) => [.. texts.Select(text =>
        ShapeText.Numbers(text, ',') is [var row, var column, var bit] && row >= 0 && row < shape.M && column >= 0 && column < shape.N && bit is >= 0 and <= 31
            ? new Flip(row, column, bit)
            : throw new UserErrorException($"{option}: expected row,col,bit with rows 0..{shape.M - 1}, columns 0..{shape.N - 1} and bits 0..31, got '{text}'"))];
}
