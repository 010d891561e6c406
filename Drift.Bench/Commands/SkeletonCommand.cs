using System.CommandLine;
using System.Globalization;

namespace Drift.Bench;

/// <summary><c>drift skeleton NAME --out DIR</c>: a diffusers folder of a paper model's true shapes with random weights, to measure speed and memory where no checkpoint is at hand.</summary>
internal static class SkeletonCommand
{
    private const double Mega = 1e6;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("skeleton", "Write a diffusers folder of a true model's shapes with random fp16 weights: its speed and memory are real, its pictures are not");
        var name = new Argument<string>("NAME") { Description = string.Join(", ", SkeletonCatalog.Names) };
        name.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } given && !SkeletonCatalog.Names.Contains(given))
                result.AddError($"skeleton: there is no '{given}'; expected one of {string.Join(", ", SkeletonCatalog.Names)}");
        });
        var target = Declare.Text("--out", "Folder to write; new or empty", "DIR");
        var seed = Declare.Number("--seed", "Seed of the weights", 0UL, 0UL, ulong.MaxValue - 4096);
        var layers = Declare.Optional("--text-layers", "Blocks of the text encoder, which is the largest part of PixArt [default: all]", 1, 24);
        command.Arguments.Add(name);
        foreach (var option in new Option[] { target, seed, layers })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            var path = parsed.GetValue(target) ?? throw new UserErrorException("--out: expected DIR, the folder to write");
            var model = SkeletonCatalog.Get(parsed.GetRequiredValue(name), parsed.GetValue(layers));
            using var folder = new OutputFolder(path);
            SkeletonCatalog.Write(model, folder, parsed.GetValue(seed), session.Cancellation);
            var written = folder.Commit(session.Cancellation);
            foreach (var part in model.Parts)
                session.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{part.Folder}: {part.Tensors.Count} tensors, {part.Tensors.Sum(tensor => tensor.Count) / Mega:F1} million weights"));
            session.Out.WriteLine($"Random weights written to {written}");
            return ErrorPolicy.Success;
        });
        return command;
    }
}
