using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>What to draw and what computes it.</summary>
/// <param name="Model">The pipeline.</param>
/// <param name="Subjects">Classes or prompts; picture i shows subject i modulo their number.</param>
/// <param name="Images">Number of pictures; picture i has seed <paramref name="Seed"/> + i.</param>
/// <param name="Steps">Sampling steps.</param>
/// <param name="Guidance">Classifier-free guidance; 1 for none.</param>
/// <param name="Seed">Seed of the first picture.</param>
/// <param name="Backend">Name of the GEMM backend.</param>
/// <param name="Threads">Host threads.</param>
/// <param name="Out">Folder to write, or null for one named after the time.</param>
internal sealed record SamplingOptions(ModelFolder Model, IReadOnlyList<Subject> Subjects, int Images, int Steps, double Guidance, ulong Seed, string Backend, int Threads,
    string? Out)
{
    /// <summary>Blocks that are forecast at some steps; null where every step computes all.</summary>
    public FeatureCache? Cache { get; init; }

    /// <summary>The layers that run in INT8, past the safe point where a row does; null for the paper's.</summary>
    public string? LayerList { get; init; }

    /// <summary>Folder that keeps INT8 weights from run to run; null for none.</summary>
    public string? WeightCache { get; init; }

    /// <summary>Whether the time of the denoiser is broken down.</summary>
    public bool Profiled { get; init; }

    /// <summary>The layers of <see cref="LayerList"/>.</summary>
    public LayerSelection Layers => LayerList is null ? LayerSelection.Of(Model.Kind) : LayerSelection.Parse(LayerList, Model.Kind)
        ?? throw new UserErrorException($"--layers: '{LayerList}' names something else; expected some of {string.Join(", ", LayerSelection.Names)}, separated by commas");

    /// <summary>How a picture is sampled.</summary>
    public SamplingSettings Settings => Model.Defaults.Sampling(Steps, Guidance);

    /// <summary>The settings as files record them.</summary>
    public IReadOnlyDictionary<string, object?> ToSettings() => new Dictionary<string, object?>(
        [new("model", Model.Name), .. SubjectSettings()])
    {
        ["images"] = Images,
        ["steps"] = Steps,
        ["guidance"] = Guidance,
        ["seed"] = Seed,
        ["backend"] = Backend,
        ["threads"] = Threads,
        ["layers"] = LayerList ?? "default",
        ["cache"] = Cache is null ? CacheArguments.None : new { form = Cache.Form.ToString(), interval = Cache.Interval, order = Cache.Order },
    };

    /// <summary>What a picture shows.</summary>
    /// <param name="image">Picture, 0 first.</param>
    public Subject SubjectOf(int image) => Subjects[image % Subjects.Count];

    /// <summary>What a picture shows, for people: a class's name, or a prompt.</summary>
    /// <param name="image">Picture, 0 first.</param>
    public string LabelOf(int image) => SubjectOf(image) switch
    {
        ClassSubject subject => Model.Labels[subject.Label],
        PromptSubject subject => subject.Prompt,
        var other => throw new InvalidOperationException($"{other} has no label"),
    };

    /// <summary>Seed of a picture.</summary>
    /// <param name="image">Picture, 0 first.</param>
    public ulong SeedOf(int image) => Seed + (ulong)image;

    private IEnumerable<KeyValuePair<string, object?>> SubjectSettings() => Model.Kind.TakesPrompts
        ?
        [
            new("prompts", Subjects.OfType<PromptSubject>().Select(subject => subject.Prompt).ToList()),
            new("negativePrompt", Subjects.OfType<PromptSubject>().FirstOrDefault()?.NegativePrompt),
            new("textTokens", Model.Defaults.TextTokens),
        ]
        : [new("classes", Subjects.OfType<ClassSubject>().Select(subject => subject.Label).ToList())];

    /// <summary>The folder to write when <c>--out</c> was not given.</summary>
    /// <param name="command">Name of the command.</param>
    /// <param name="now">Time of the run.</param>
    public string OutOr(string command, DateTime now) =>
        Out ?? Path.Combine("results", $"{command}-{now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
}
