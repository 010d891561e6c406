using System.Globalization;

namespace Drift.Dvfs;

/// <summary>The bit profiles, and the registry of their names.</summary>
public static class BitProfiles
{
    /// <summary>The paper's profile.</summary>
    public const string Uniform = "uniform";

    private const string Single = "bit:", Delay = "path-delay", Table = ".csv";

    /// <summary>What may be named.</summary>
    public static string Forms => $"{Uniform} (bits 0..30), {Single}N (0..31), {Delay}, or a FILE{Table} with the columns bit,weight";

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
        if (name.StartsWith(Single, StringComparison.Ordinal))
            return int.TryParse(name[Single.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var bit) && bit <= 31 ? new SingleBit(bit) : null;
        return name switch
        {
            Uniform => new UniformBits(),
            Delay => delays(),
            _ => name.EndsWith(Table, StringComparison.OrdinalIgnoreCase) ? TabulatedBits.Load(name) : null,
        };
    }
}
