using System.CommandLine;
using Drift.Models;

namespace Drift.Bench;

/// <summary>The options that <c>compare</c>, <c>generate</c> and others share.</summary>
/// <param name="unused">Names of those that mean nothing to a command: it does not have them, for an option that is taken and ignored misleads. A group goes by its first, <c>--cache</c>.</param>
internal sealed class SamplingArguments(params string[] unused)
{
    private readonly Option<string> _model = Declare.Model();
    private readonly SubjectArguments _subjects = new();
    private readonly Option<int> _images = Declare.Number("--images", "Number of pictures", 16, 1, 4096);
    private readonly Option<int?> _steps = Declare.Optional("--steps", "Sampling steps [default: the model's]", 1, 1000);
    private readonly Option<double?> _guidance = Declare.Optional("--guidance", "Classifier-free guidance; 1 and less is none [default: the model's]", 0.0, 100);
    private readonly Option<ulong> _seed = Declare.Number("--seed", "Seed of the first picture; the next one has the next seed", 0UL, 0UL, ulong.MaxValue - 4096);
    private readonly Option<string> _backend = Declare.Backend("What computes the INT8 products");
    private readonly Option<int> _threads = Declare.Number("--threads", "Host threads", Environment.ProcessorCount, 1, 1024);
    private readonly Option<string?> _out = Declare.Text("--out", "Folder to write; new or empty [default: results/<command>-<time>]", "PATH");

    private readonly Option<string?> _layers = Declare.Text("--layers", $"Layers that run in INT8, past the safe point where a row does, separated by commas: {string.Join(", ", LayerSelection.Names)} [default: the paper's]", "LIST");
    private readonly Option<string?> _weightCache = Declare.Text("--weight-cache", "Folder that keeps INT8 weights from run to run", "FOLDER");
    private readonly Option<bool> _profile = new("--profile") { Description = "Also print where the denoiser's time goes, by kind and layer" };

    private readonly CacheArguments _cache = new();

    /// <summary>Declares the options on a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_model);
        _subjects.AddTo(command);
        if (!unused.Contains(CacheArguments.Name))
            _cache.AddTo(command);
        foreach (var option in new Option[] { _images, _steps, _guidance, _seed, _backend, _threads, _out, _layers, _weightCache, _profile }.Where(option => !unused.Contains(option.Name)))
            command.Options.Add(option);
    }

    /// <summary>Reads them.</summary>
    /// <exception cref="UserErrorException">The model or a class does not exist, or there is nothing to draw.</exception>
    /// <exception cref="ModelFormatException">The model's files are unsound, or its pipeline is not supported.</exception>
    public SamplingOptions Bind(ParseResult parsed)
    {
        var model = ModelFolder.Find(parsed.GetRequiredValue(_model));
        var subjects = _subjects.Bind(parsed, model);
        var options = new SamplingOptions(model, subjects, parsed.GetValue(_images), Steps(model, parsed.GetValue(_steps) ?? model.Defaults.Steps),
            parsed.GetValue(_guidance) ?? model.Defaults.Guidance, parsed.GetValue(_seed), parsed.GetRequiredValue(_backend), parsed.GetValue(_threads), parsed.GetValue(_out))
        {
            Cache = unused.Contains(CacheArguments.Name) ? null : _cache.Bind(parsed),
            LayerList = parsed.GetValue(_layers),
            WeightCache = parsed.GetValue(_weightCache),
            Profiled = parsed.GetValue(_profile),
        };
        // A word that is none is refused now, not after the model is read.
        _ = options.Layers;
        return options;
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
}
