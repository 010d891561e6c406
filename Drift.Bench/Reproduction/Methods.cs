using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>The methods of the paper's comparisons, by the names that data/paper has for them.</summary>
internal static class Methods
{
    private const string Drift = "drift", Rollback = "rollback";

    /// <summary>How a method executes a model's guarded layers.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">none, drift, or a protection of the catalogue.</param>
    /// <param name="point">The point of the steps that are not safe.</param>
    public static Strategy Of(TrainedModel model, string name, OperatingPoint point) => name == Drift
        ? model.Strategy(() => model.Schedule(point), model.Protect(Rollback))
        : model.Strategy(() => new UniformPolicy(point), model.Protect(name));

    /// <summary>A method in words.</summary>
    public static string Here(string name) => name == Drift ? "rollback and safe steps" : name;
}
