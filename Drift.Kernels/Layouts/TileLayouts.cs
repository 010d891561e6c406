namespace Drift.Kernels;

/// <summary>The layouts by name. The one place where they are registered.</summary>
public static class TileLayouts
{
    /// <summary>The layout where nobody says otherwise.</summary>
    public const string Default = RowMajorLayout.Key;

    private static readonly IReadOnlyDictionary<string, Func<int, ITileLayout>> Entries = new Dictionary<string, Func<int, ITileLayout>>
    {
        [RowMajorLayout.Key] = _ => new RowMajorLayout(),
        [TileRepackedLayout.Key] = tile => new TileRepackedLayout(tile),
    };

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Keys];

    /// <summary>Opens a layout.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="tile">Edge of a tile, at least 1.</param>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static ITileLayout Open(string name, int tile) => Entries.TryGetValue(name, out var entry)
        ? entry(tile)
        : throw new ArgumentException($"no layout is called '{name}'; there are {string.Join(", ", Names)}", nameof(name));
}
