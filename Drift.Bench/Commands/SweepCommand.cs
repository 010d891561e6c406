using System.CommandLine;
using System.CommandLine.Parsing;

namespace Drift.Bench;

/// <summary><c>drift sweep</c>: faults in one place at a time, until each place's interval is narrow enough.</summary>
internal static class SweepCommand
{
    /// <summary>The command.</summary>
    /// <param name="body">Runs a campaign; returns the exit code.</param>
    public static Command Create(Func<SweepOptions, Session, int> body)
    {
        var command = new Command("sweep", "Inject faults in one place at a time, with confidence, resumably; write a folder");
        var arguments = new SweepArguments();
        arguments.AddTo(command);
        command.SetBody((parsed, session) => body(arguments.Bind(parsed), session));
        return command;
    }
}

/// <summary>The options of <c>sweep</c>.</summary>
internal sealed class SweepArguments
{
    private const int Floor = 16, Ceiling = 400;
    private const string Standard = "step,block";

    private readonly Option<string> _model = Declare.Model();
    private readonly Option<string?> _over = Declare.Text("--over", $"Axes whose product is swept, separated by commas [default: {Standard}]: {string.Join(", ", Axes.Names)}", "LIST");
    private readonly SubjectArguments _subjects = new();
    private readonly Dictionary<string, Option<string?>> _values = Axes.Names.Where(name => name != Axes.Subject)
        .ToDictionary(name => name, name => Declare.Text($"--{name}s", $"Values of the axis {name}, separated by commas{Ranges(name)}", "LIST"));
    private readonly Option<string> _metric = Declare.Text("--metric", $"What is measured, the first to decide when to stop: {string.Join(", ", Metric.All.Select(metric => metric.Name))}", "LIST", "psnr");
    private readonly Option<string?> _ci = Declare.Text("--ci", "Half width at which a cell's interval is narrow enough [default: 0.5dB of psnr]", "WIDTH");
    private readonly Option<int?> _trials = Declare.Optional("--trials", "Trials of every cell, in place of --ci", 1, 10_000_000);
    private readonly Option<int> _floor = Declare.Number("--floor", "Trials before a cell may stop", Floor, 2, 1_000_000);
    private readonly Option<int> _ceiling = Declare.Number("--ceiling", "Trials at which it stops in any case", Ceiling, 2, 10_000_000);
    private readonly Option<string> _bound = Declare.Choice("--bound", "How intervals of means are made", StoppingRule.Student, [StoppingRule.Student, StoppingRule.Bernstein]);
    private readonly Option<int?> _steps = Declare.Optional("--sampling-steps", "Sampling steps [default: the model's]", 1, 1000);
    private readonly Option<double?> _guidance = Declare.Optional("--guidance", "Classifier-free guidance; 1 and less is none [default: the model's]", 0.0, 100);
    private readonly Option<ulong> _seed = Declare.Number("--seed", "Seed of each cell's first trial; the next one has the next seed", 0UL, 0UL, ulong.MaxValue / 2);
    private readonly Option<string> _outputs = Declare.Choice("--outputs", "How outputs leave the INT32 accumulator", "saturating", ["saturating", "wide"]);
    private readonly Option<string> _backend = Declare.Backend("What computes the INT8 products");
    private readonly Option<int> _threads = Declare.Number("--threads", "Host threads", Environment.ProcessorCount, 1, 1024);
    private readonly Option<string?> _out = Declare.Text("--out", "The campaign's folder: new, empty, or one to go on with [default: results/sweep-<plan>]", "PATH");
    private readonly Option<string?> _shard = Declare.Text("--shard", "Only every N-th cell from the K-th, 0 first", "K/N");
    private readonly Option<double> _outliers = Declare.Number("--outliers", "EXPERIMENT: factor by which 4 of 128 value channels of every block are rescaled, the network's function unchanged", 1.0, 1.0, 65536);
    private readonly Option<string?> _plan = Declare.Text("--plan", "The plan as a file, in place of all options that make one (docs/campaigns.md)", "FILE.toml|plan.json");
    private readonly Option<int?> _slurm = Declare.Optional("--slurm-array", "Write the scripts of a Slurm array of so many shards, and run nothing", 1, 100_000);
    private readonly Option<string?> _merge = Declare.Text("--merge", "Folders of shards to take trials over from, separated by commas", "LIST");
    private readonly Option<bool> _json = new("--json") { Description = "Progress as lines of JSON on standard output" };
    private readonly Option<bool> _dry = new("--dry-run") { Description = "Only say how many cells and trials there are, and how long they would take" };

    private static string Ranges(string axis) => axis switch
    {
        Axes.Step => ", ranges as a..b; first-last for steps that are hit together",
        Axes.Block or Axes.Bit or Axes.Seed or Axes.Tile or Axes.Threshold or Axes.Interval or Axes.Rate => ", ranges as a..b",
        _ => "",
    };

    /// <summary>Declares the options on a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in PlanOptions())
            command.Options.Add(option);
        _subjects.AddTo(command);
        foreach (var option in new Option[] { _plan, _backend, _threads, _out, _shard, _slurm, _merge, _json, _dry })
            command.Options.Add(option);
    }

    /// <summary>Reads them.</summary>
    /// <exception cref="UserErrorException">A model, axis or value does not exist, or the product is empty.</exception>
    public SweepOptions Bind(ParseResult parsed)
    {
        var (plan, model) = parsed.GetValue(_plan) is { } file ? Read(parsed, file) : Plan(parsed);
        return new SweepOptions(plan, model, parsed.GetValue(_out), parsed.GetRequiredValue(_backend), parsed.GetValue(_threads), parsed.GetValue(_json), parsed.GetValue(_dry),
            Shards(parsed.GetValue(_shard)))
        {
            Tasks = parsed.GetValue(_slurm),
            Merge = parsed.GetValue(_merge)?.Split(',', StringSplitOptions.TrimEntries) ?? [],
        };
    }

    private IEnumerable<Option> PlanOptions() =>
        [_model, _over, .. _values.Values, _metric, _ci, _trials, _floor, _ceiling, _bound, _steps, _guidance, _seed, _outputs, _outliers];

    private (CampaignPlan Plan, ModelFolder Model) Plan(ParseResult parsed)
    {
        var model = ModelFolder.Find(parsed.GetRequiredValue(_model));
        var subjects = _subjects.Bind(parsed, model).Select(subject => CampaignSubjects.NameOf(model, subject)).ToList();
        var request = new PlanRequest(model, parsed.GetValue(_over), _values.Where(value => parsed.GetValue(value.Value) is not null).ToDictionary(value => value.Key, value => parsed.GetValue(value.Value)!),
            parsed.GetRequiredValue(_metric), parsed.GetValue(_ci), parsed.GetValue(_trials), parsed.GetValue(_floor), parsed.GetValue(_ceiling), parsed.GetRequiredValue(_bound),
            parsed.GetValue(_steps), parsed.GetValue(_guidance), parsed.GetValue(_seed), parsed.GetRequiredValue(_outputs), subjects) { Outliers = parsed.GetValue(_outliers) };
        return (request.ToPlan(), model);
    }

    private (CampaignPlan Plan, ModelFolder Model) Read(ParseResult parsed, string file)
    {
        if (PlanOptions().FirstOrDefault(option => parsed.GetResult(option) is OptionResult { Implicit: false }) is { } beside)
            throw new UserErrorException($"{beside.Name}: the plan is {file}; expected --plan or the options that make a plan");
        if (file.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            var plan = CampaignPlan.Read(file);
            var model = ModelFolder.Find(plan.Model, file);
            PlanRequest.Check(plan, model);
            return PlanRequest.Digest(model) == plan.ModelDigest ? (plan, model) : throw new UserErrorException($"{file}: {model.Path} has other files than the plan was made for; expected the same model");
        }

        var command = new Command("plan");
        var arguments = new SweepArguments();
        arguments.AddTo(command);
        var read = command.Parse(PlanFile.ToArguments(file));
        return read.Errors.Count == 0 ? arguments.Plan(read) : throw new UserErrorException($"{file}: {read.Errors[0].Message}");
    }

    private static Shard Shards(string? text)
    {
        if (text is null)
            return Shard.Whole;
        var parts = text.Split('/');
        return parts.Length == 2 && int.TryParse(parts[0], out var number) && int.TryParse(parts[1], out var of) && number >= 0 && number < of ? new Shard(number, of)
            : throw new UserErrorException($"--shard: expected K/N with K from 0 to N - 1, got '{text}'");
    }
}
