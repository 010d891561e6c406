using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A row of <c>compare</c> beside the eight: a protection of <see cref="ProtectionCatalog"/>, perhaps with wide outputs, perhaps at a voltage of its own.</summary>
/// <param name="Protection">Name of the protection.</param>
/// <param name="Wide">Whether its outputs are wide.</param>
/// <param name="Volts">Its voltage, or null for that of <c>--voltage</c>.</param>
internal readonly record struct RowName(string Protection, bool Wide, double? Volts)
{
    /// <summary>Stands for every protection at every voltage of <see cref="Voltages"/>, saturating and wide.</summary>
    public const string AllRivals = "all-rivals";

    private const string WideEnding = "-wide";

    /// <summary>The voltages of <see cref="AllRivals"/>.</summary>
    public static IReadOnlyList<double> Voltages { get; } = [0.70, 0.675, 0.65, 0.62];

    /// <summary>How names are put together, for help and complaints.</summary>
    public static string Form => $"NAME[-wide][@VOLTS] with NAME one of {string.Join(", ", ProtectionCatalog.Names)}; {AllRivals} for all of these at {string.Join(", ", Voltages.Select(Text))} V";

    /// <summary>The rows of <see cref="AllRivals"/>, in the order of the table.</summary>
    public static IEnumerable<string> All => Voltages.SelectMany(volts => Names(volts, wide: false).Concat(Names(volts, wide: true)));

    /// <summary>Reads a name; null where it is none of this form.</summary>
    public static RowName? Parse(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        double? volts = null;
        if (at >= 0)
        {
            if (!double.TryParse(text[(at + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var given))
                return null;
            volts = given;
        }

        var name = at < 0 ? text : text[..at];
        var wide = name.EndsWith(WideEnding, StringComparison.Ordinal);
        name = wide ? name[..^WideEnding.Length] : name;
        return ProtectionCatalog.Names.Contains(name) ? new RowName(name, wide, volts) : null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Protection}{(Wide ? WideEnding : "")}{(Volts is { } volts ? $"@{Text(volts)}" : "")}";

    private static IEnumerable<string> Names(double volts, bool wide) => ProtectionCatalog.Names.Select(name => $"{new RowName(name, wide, volts)}");

    private static string Text(double volts) => volts.ToString(CultureInfo.InvariantCulture);
}
