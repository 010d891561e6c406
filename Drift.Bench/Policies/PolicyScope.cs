using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>What a policy can speak of: the steps of a run, and the blocks and roles of the layers that run past the safe point.</summary>
/// <param name="Steps">Steps of the run.</param>
/// <param name="Layers">The guarded layers.</param>
internal sealed record PolicyScope(int Steps, IReadOnlyList<LayerKey> Layers)
{
    /// <summary>The blocks, ascending.</summary>
    public IReadOnlySet<int> Blocks { get; } = Layers.Select(layer => layer.Block).ToHashSet();

    /// <summary>The roles, in the order of their numbers.</summary>
    public IReadOnlyList<GemmRole> Roles { get; } = [.. Layers.Select(layer => layer.Role).Distinct().Order()];

    /// <summary>A rule of a schedule.</summary>
    /// <param name="point">As a file has it.</param>
    /// <param name="where">File and place, for complaints.</param>
    /// <exception cref="UserErrorException">It names a step, block or role that does not exist; the message says what does.</exception>
    public PointRule Rule(PolicyPoint point, string where) => new(
        new SiteRange(Selection.Numbers(point.Steps, Enumerable.Range(0, Steps).ToHashSet(), where, "steps"), Selection.Numbers(point.Blocks, Blocks, where, "blocks"), RolesOf(point.Roles, where)),
        OperatingPoint.Of(point.Volts, point.Gigahertz));

    private HashSet<GemmRole>? RolesOf(string text, string where)
    {
        if (text == Selection.All)
            return null;
        var chosen = new HashSet<GemmRole>();
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var role = Roles.Where(role => string.Equals($"{role}", name, StringComparison.OrdinalIgnoreCase)).Cast<GemmRole?>().FirstOrDefault();
            chosen.Add(role ?? throw new UserErrorException($"{where}.roles: there is no '{name}' among the guarded layers; the model has {string.Join(", ", Roles)}"));
        }

        return chosen;
    }
}
