namespace Drift.Dvfs;

/// <summary>The models of how often something is hit, and the registry of their names.</summary>
public static class ErrorModels
{
    /// <summary>The paper's two lines.</summary>
    public const string Paper = "paper";

    private static readonly IReadOnlyList<Entry> Entries =
    [
        new(Paper, "paper.csv", TabulatedErrors.Load),
        new("surface", "surface.csv", VoltageFrequencySurface.Load),
        new("active", "active.csv", TabulatedErrors.Load),
        new("pessimistic", "pessimistic.csv", TabulatedErrors.Load),
        new("path-delay", "surface.csv", (path, extrapolate) => PathDelayFit.To(path, extrapolate).Model),
    ];

    /// <summary>The names, the default first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Select(entry => entry.Name)];

    /// <summary>The file of data/operating-points that a model reads when none is given.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static string FileOf(string name) => Named(name).File;

    /// <summary>Opens a model.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="path">Its table, or the table that it is fitted to.</param>
    /// <param name="extrapolate">True to go on past the table's ends; such rates are marked.</param>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    /// <exception cref="InvalidDataException">The file is not of the model's form; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IErrorRates Open(string name, string path, bool extrapolate = false) => Named(name).Open(path, extrapolate);

    private static Entry Named(string name) => Entries.FirstOrDefault(entry => entry.Name == name)
        ?? throw new ArgumentException($"there is no error model '{name}'; there are {string.Join(", ", Names)}", nameof(name));

    private sealed record Entry(string Name, string File, Func<string, bool, IErrorRates> Open);
}
