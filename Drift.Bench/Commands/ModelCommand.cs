using System.CommandLine;
using Drift.Models;

namespace Drift.Bench;

/// <summary><c>drift model PATH</c>: every product of a forward pass, with its shape, its work and how sensitive it is.</summary>
internal static class ModelCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("model", "List a denoiser's products: site, shape, MACs, bytes, sensitivity; totals of a kind and a step");
        var path = Declare.Path("PATH", "Shipped model's name, a diffusers pipeline folder, or the folder of its denoiser");
        var tokens = Declare.Optional("--text-tokens", "Tokens of a text [default: what the pipeline reads]", 1, 4096);
        var all = new Option<bool>("--all") { Description = "A row for every block, where otherwise equal blocks share one" };
        var json = Declare.Text("--json", "Also write the products here", "FILE");
        command.Arguments.Add(path);
        foreach (var option in new Option[] { tokens, all, json })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            using var file = parsed.GetValue(json) is { } target ? new OutputFile("--json", target) : null;
            var folder = DenoiserFolder.Open(parsed.GetRequiredValue(path), parsed.GetValue(tokens));
            var rows = ForwardSurvey.Of(folder.Denoiser, folder.Conditioning).Select(product => ModelRow.Of(product, folder.Kind.Guards)).ToList();
            ModelTable.Print(session.Out, folder, rows, parsed.GetValue(all));
            file?.Commit(ResultJson.Write(new ModelResult(folder.ClassName, folder.Path, rows.Sum(row => row.Macs), rows)));
            return ErrorPolicy.Success;
        });
        return command;
    }
}
