using System.CommandLine;

namespace Drift.Bench;

/// <summary><c>drift reproduce</c>: the paper's tables and figures again, in one folder with one report.</summary>
internal static class ReproduceCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("reproduce", "Make the paper's tables and figures again, with its numbers beside ours and a verdict on each claim; one report. Finished tables of a folder are kept: run the same line again to go on");
        var ids = new Argument<string[]>("ID") { Description = $"Tables, or all: {string.Join(", ", TableCatalog.All.Select(table => table.Id))}", Arity = ArgumentArity.ZeroOrMore, HelpName = "ID" };
        ids.CompletionSources.Add([.. TableCatalog.All.Select(table => table.Id), "all"]);
        var quick = new Option<bool>("--quick") { Description = "Few pictures a point: all tables in ten minutes on two cores [default]" };
        var full = new Option<bool>("--full") { Description = "Many pictures a point: all tables in two hours on two cores" };
        var output = Declare.Text("--out", "Folder to write, or to go on with [default: results/reproduce-quick or -full]", "DIR");
        var threads = Declare.Number("--threads", "Host threads", Environment.ProcessorCount, 1, 1024);
        var models = Declare.Texts("--model-dir", "A diffusers folder whose pictures stand in for the small model of its kind; may be given more than once", "DIR");
        command.Arguments.Add(ids);
        foreach (var option in new Option[] { quick, full, output, threads, models })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            if (parsed.GetValue(quick) && parsed.GetValue(full))
                throw new UserErrorException("--quick: expected either --quick or --full, not both");
            var budget = parsed.GetValue(full) ? Budget.Full : Budget.Quick;
            return Reproduction.Run(new ReproduceOptions(TableCatalog.Named(parsed.GetValue(ids) ?? []), budget, parsed.GetValue(threads),
                parsed.GetValue(output) ?? Path.Combine("results", $"reproduce-{budget.Name}"), Instead(parsed.GetValue(models) ?? [])), session);
        });
        return command;
    }

    private static Dictionary<string, string> Instead(string[] folders)
    {
        var instead = new Dictionary<string, string>();
        foreach (var model in folders.Select(folder => ModelFolder.Find(folder, "--model-dir")))
        {
            if (!instead.TryAdd(model.Kind.PaperName, model.Path))
                throw new UserErrorException($"--model-dir: {model.Path} is a second {model.Kind.Name}; expected at most one of each kind");
        }

        return instead;
    }
}
