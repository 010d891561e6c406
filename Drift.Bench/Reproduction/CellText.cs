using System.Globalization;

namespace Drift.Bench;

/// <summary>Cells as people read them: four digits, an interval as half its width.</summary>
internal static class CellText
{
    private const double Least = 1e-3, Most = 1e6;

    /// <summary>A cell's text; empty for nothing.</summary>
    public static string Of(Cell cell) => cell switch
    {
        { Text: { } text } => text,
        { Value: null } => "",
        { Value: { } value, Low: { } low, High: { } high } => $"{Number(value)} ± {Number((high - low) / 2, "G2")}",
        { Value: { } value } => Number(value),
    };

    private static string Number(double value, string digits = "G4")
    {
        var rounded = double.Parse(value.ToString(digits, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return Numerals.Of(rounded, Math.Abs(rounded) is 0 or (>= Least and < Most) ? "0.######" : "0.###E+0");
    }
}
