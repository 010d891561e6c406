using System.CommandLine;
using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>What to draw and what computes it.</summary>
/// <param name="Model">The pipeline.</param>
/// <param name="Classes">Class numbers; picture i is of class i modulo their number.</param>
/// <param name="Images">Number of pictures; picture i has seed <paramref name="Seed"/> + i.</param>
/// <param name="Steps">Sampling steps.</param>
/// <param name="Guidance">Classifier-free guidance; 1 for none.</param>
/// <param name="Seed">Seed of the first picture.</param>
/// <param name="Backend">Name of the GEMM backend.</param>
/// <param name="Threads">Host threads.</param>
/// <param name="Out">Folder to write, or null for one named after the time.</param>
internal sealed record SamplingOptions(ModelFolder Model, IReadOnlyList<int> Classes, int Images, int Steps, double Guidance, ulong Seed, string Backend, int Threads,
    string? Out)
{
    /// <summary>Blocks that are forecast at some steps; null where every step computes all.</summary>
    public FeatureCache? Cache { get; init; }

    /// <summary>The settings as files record them.</summary>
    public IReadOnlyDictionary<string, object?> ToSettings() => new Dictionary<string, object?>
    {
        ["model"] = Model.Name,
        ["classes"] = Classes,
        ["images"] = Images,
        ["steps"] = Steps,
        ["guidance"] = Guidance,
        ["seed"] = Seed,
        ["backend"] = Backend,
        ["threads"] = Threads,
        ["cache"] = Cache is null ? CacheArguments.None : new { form = Cache.Form.ToString(), interval = Cache.Interval, order = Cache.Order },
    };

    /// <summary>Class number of a picture.</summary>
    /// <param name="image">Picture, 0 first.</param>
    public int ClassOf(int image) => Classes[image % Classes.Count];

    /// <summary>Seed of a picture.</summary>
    /// <param name="image">Picture, 0 first.</param>
    public ulong SeedOf(int image) => Seed + (ulong)image;

    /// <summary>The folder to write when <c>--out</c> was not given.</summary>
    /// <param name="command">Name of the command.</param>
    /// <param name="now">Time of the run.</param>
    public string OutOr(string command, DateTime now) =>
        Out ?? Path.Combine("results", $"{command}-{now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
}

/// <summary>The options that <c>compare</c> and <c>generate</c> share.</summary>
internal sealed class SamplingArguments
{
    private readonly Option<string> _model = Declare.Text("--model", "Shipped model's name, or a diffusers folder", "NAME|PATH", "dit-fashion");
    private readonly Option<string> _classes = Declare.Text("--classes", "Names or numbers, separated by commas, or all; pictures take them in turn", "LIST", "all");
    private readonly Option<int> _images = Declare.Number("--images", "Number of pictures", 16, 1, 4096);
    private readonly Option<int> _steps = Declare.Number("--steps", "Sampling steps", 50, 1, 1000);
    private readonly Option<double> _guidance = Declare.Number("--guidance", "Classifier-free guidance; 1 is none", 2.0, 0, 100);
    private readonly Option<ulong> _seed = Declare.Number("--seed", "Seed of the first picture; the next one has the next seed", 0UL, 0UL, ulong.MaxValue - 4096);
    private readonly Option<string> _backend = Declare.Backend("What computes the INT8 products");
    private readonly Option<int> _threads = Declare.Number("--threads", "Host threads", Environment.ProcessorCount, 1, 1024);
    private readonly Option<string?> _out = Declare.Text("--out", "Folder to write; new or empty [default: results/<command>-<time>]", "PATH");

    private readonly CacheArguments _cache = new();

    /// <summary>Declares the options on a command.</summary>
    public void AddTo(Command command)
    {
        _cache.AddTo(command);
        foreach (var option in new Option[] { _model, _classes, _images, _steps, _guidance, _seed, _backend, _threads, _out })
            command.Options.Add(option);
    }

    /// <summary>Reads them.</summary>
    /// <exception cref="UserErrorException">The model or a class does not exist.</exception>
    public SamplingOptions Bind(ParseResult parsed)
    {
        var model = ModelFolder.Find(parsed.GetRequiredValue(_model));
        var classes = Classes(model, parsed.GetRequiredValue(_classes));
        return new SamplingOptions(model, classes, parsed.GetValue(_images), Steps(model, parsed.GetValue(_steps)), parsed.GetValue(_guidance),
            parsed.GetValue(_seed), parsed.GetRequiredValue(_backend), parsed.GetValue(_threads), parsed.GetValue(_out))
        {
            Cache = _cache.Bind(parsed),
        };
    }

    /// <summary>The steps, if the model's sampler has that many.</summary>
    private static int Steps(ModelFolder model, int steps)
    {
        var config = Path.Combine(model.Path, "scheduler", "scheduler_config.json");
        try
        {
            SamplerCatalog.Load(config).Begin(steps);
            return steps;
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new UserErrorException($"--steps: {config} cannot be sampled in {steps} steps: {ErrorPolicy.Plain(exception.Message)}", exception);
        }
    }

    private static int[] Classes(ModelFolder model, string list)
    {
        if (model.Labels.Count == 0)
            throw new UserErrorException($"--model: {model.Path} has no classes (no id2label in model_index.json); expected a class-conditional model");
        if (list == "all")
            return [.. Enumerable.Range(0, model.Labels.Count)];
        return [.. list.Split(',', StringSplitOptions.TrimEntries).Select(name => Class(model, name))];
    }

    private static int Class(ModelFolder model, string name)
    {
        for (var i = 0; i < model.Labels.Count; i++)
        {
            if (name == model.Labels[i] || name == i.ToString(CultureInfo.InvariantCulture))
                return i;
        }

        throw new UserErrorException(
            $"--classes: {model.Name} has no class '{name}'; there are {string.Join(", ", model.Labels.Select((label, i) => $"{i} {label}"))}");
    }
}
