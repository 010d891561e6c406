using System.Globalization;

namespace Drift.Dvfs;

/// <summary>The bit profiles, and the registry of their names.</summary>
public static class BitProfiles
{
    /// <summary>The paper's profile.</summary>
    public const string Uniform = "uniform";

    private const string Single = "bit:", Delay = "path-delay", Table = ".csv";

    private static readonly IReadOnlyList<Entry> Entries =
    [
        new(Uniform, "uniform (bits 0..30)", (name, _) => name == Uniform ? new UniformBits() : null),
        new(Single, "bit:N (0..31)", (name, _) => name.StartsWith(Single, StringComparison.Ordinal)
            && int.TryParse(name[Single.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var bit) && bit <= 31 ? new SingleBit(bit) : null),
        new(Delay, Delay, (name, delays) => name == Delay ? delays() : null),
        new(Table, "a FILE.csv with the columns bit,weight", (name, _) => name.EndsWith(Table, StringComparison.OrdinalIgnoreCase) ? TabulatedBits.Load(name) : null),
    ];

    /// <summary>What is fixed of each profile's name: the whole of it, how it begins, or how it ends.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Select(entry => entry.Name)];

    /// <summary>What may be named.</summary>
    public static string Forms { get; } = $"{string.Join(", ", Entries.SkipLast(1).Select(entry => entry.Form))}, or {Entries[^1].Form}";

    /// <summary>Opens a profile.</summary>
    /// <param name="name">One of <see cref="Forms"/>.</param>
    /// <param name="delays">The path-delay model, asked for only if it is named.</param>
    /// <returns>The profile; null for a name that is none.</returns>
    /// <exception cref="InvalidDataException">The file is not of the form; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IBitProfile? Open(string name, Func<PathDelay> delays)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(delays);
        return Entries.Select(entry => entry.Open(name, delays)).FirstOrDefault(profile => profile is not null);
    }

    private sealed record Entry(string Name, string Form, Func<string, Func<PathDelay>, IBitProfile?> Open);
}
