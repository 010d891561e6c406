using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>The trained models that measured tables draw with, each opened when first asked for and kept with its nominal pictures.</summary>
/// <param name="budget">How much is drawn.</param>
/// <param name="threads">Host threads.</param>
internal sealed class TrainedModels(Budget budget, int threads) : IDisposable
{
    private readonly Dictionary<string, TrainedModel> _open = [];

    /// <summary>A folder whose model stands in for the shipped one of its kind, by the name that the paper's tables have for the kind.</summary>
    public IReadOnlyDictionary<string, string> Instead { get; init; } = new Dictionary<string, string>();

    /// <summary>The model that stands for one of the paper's.</summary>
    /// <param name="name">As the paper's tables have it: dit, pixart or sd15.</param>
    public TrainedModel For(string name)
    {
        if (_open.TryGetValue(name, out var open))
            return open;
        var model = ModelFolder.Find(Instead.GetValueOrDefault(name) ?? Shipped(name));
        var images = model.Kind.TakesPrompts ? budget.Prompted : budget.Pictures;
        var sampling = new SamplingOptions(model, Subjects(model), images, budget.Steps ?? model.Defaults.Steps, model.Defaults.Guidance, 0, Backends.Default, threads, null);
        return _open[name] = new TrainedModel(sampling);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var model in _open.Values)
            model.Dispose();
    }

    private static IReadOnlyList<Subject> Subjects(ModelFolder model) => model.Subjects is { Count: > 0 } own ? own
        : [model.Kind.TakesPrompts ? new PromptSubject("a photograph") : new ClassSubject(0)];

    private static string Shipped(string name) => name switch { "dit" => "dit-fashion", "pixart" => "pixart-emoji", _ => "sd-emoji" };
}
