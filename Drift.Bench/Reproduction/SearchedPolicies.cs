using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>What <c>drift plan</c> found for the shipped models: data/policies, a file a model.</summary>
internal static class SearchedPolicies
{
    /// <summary>A model's policy; null where none was searched, or where it was searched for a longer run.</summary>
    /// <param name="model">The shipped model's name.</param>
    /// <param name="steps">Steps of the run.</param>
    public static PolicyFile? For(string model, int steps)
    {
        var path = DataFolder.At("policies", $"{model}.json");
        return File.Exists(path) && PolicyFile.Read(path) is var policy && policy.Points.All(point => Named(point).All(step => step < steps)) ? policy : null;
    }

    /// <summary>The point of each step; null where blocks or roles differ.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="steps">Steps of the run.</param>
    public static IReadOnlyList<OperatingPoint>? ByStep(PolicyFile policy, int steps) => policy.Points.All(point => (point.Blocks, point.Roles) == (Selection.All, Selection.All))
        ? [.. Enumerable.Range(0, steps).Select(step => policy.Points.LastOrDefault(point => point.Steps == Selection.All || Named(point).Contains(step)) is { } point
            ? OperatingPoint.Of(point.Volts, point.Gigahertz) : OperatingPoint.Nominal)]
        : null;

    private static readonly HashSet<int> Everywhere = [.. Enumerable.Range(0, 1000)];

    private static HashSet<int> Named(PolicyPoint point) => Selection.Numbers(point.Steps, Everywhere, "policy", "steps") ?? [];
}
