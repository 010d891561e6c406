using System.Globalization;

namespace Drift.Kernels;

/// <summary>The patterns of faults, and the registry of their names.</summary>
public static class FaultPatterns
{
    /// <summary>Each element is hit on its own: no pattern.</summary>
    public const string Independent = "independent";

    private static readonly IReadOnlyList<(string Name, double Least, double Most, bool Whole, Func<double, IFaultPattern> Open)> Entries =
    [
        ("burst:", 1, FaultPlan.Block, true, length => new Burst((int)length)),
        ("row:", 0, FaultPlan.Block - 1, true, line => new BadLine((int)line, isRow: true)),
        ("column:", 0, FaultPlan.Block - 1, true, line => new BadLine((int)line, isRow: false)),
        ("droop:", double.Epsilon, 1, false, share => new Droop(share)),
    ];

    /// <summary>How the patterns begin: their names without their numbers.</summary>
    public static IReadOnlyList<string> Names { get; } = [Independent, .. Entries.Select(entry => entry.Name)];

    /// <summary>What may be named.</summary>
    public static string Forms => $"{Independent}, burst:ELEMENTS (1..32), row:I or column:I of the array (0..31), droop:SHARE of a product's time (above 0, at most 1)";

    /// <summary>Opens a pattern.</summary>
    /// <param name="text">One of <see cref="Forms"/>.</param>
    /// <param name="pattern">The pattern; null for independent hits.</param>
    /// <returns>False for a text that names none.</returns>
    public static bool TryParse(string text, out IFaultPattern? pattern)
    {
        ArgumentNullException.ThrowIfNull(text);
        pattern = null;
        if (text == Independent)
            return true;
        foreach (var (name, least, most, whole, open) in Entries)
        {
            if (text.StartsWith(name, StringComparison.Ordinal)
                && double.TryParse(text[name.Length..], whole ? NumberStyles.None : NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
                && value >= least && value <= most)
            {
                pattern = open(value);
                return true;
            }
        }

        return false;
    }
}
