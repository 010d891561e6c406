namespace Drift.Abft;

/// <summary>The bounds on rounding that there are, by name. The one place where they are registered.</summary>
public static class RoundingBounds
{
    /// <summary>The bound that is used unless another is named.</summary>
    public const string Default = "v-abft";

    private static readonly IReadOnlyDictionary<string, IRoundingBound> Entries = new Dictionary<string, IRoundingBound>
    {
        [Default] = new VarianceBound(),
        ["a-abft"] = new LargestTermBound(),
        ["higham"] = new WorstCaseBound(),
    };

    /// <summary>All names, in the order of tables.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Keys];

    /// <summary>A bound.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static IRoundingBound Open(string name) => Entries.TryGetValue(name, out var bound)
        ? bound
        : throw new ArgumentException($"no rounding bound is called '{name}'; there are {string.Join(", ", Names)}", nameof(name));
}
