using System.Text.Json.Serialization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A cell: a text, or a number with or without its 95 % interval, or nothing. What is not finite is nothing.</summary>
/// <param name="Text">The text, or null.</param>
/// <param name="Value">The number, or null.</param>
/// <param name="Low">Lower end of the interval, or null.</param>
/// <param name="High">Upper end of the interval, or null.</param>
internal readonly record struct Cell(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Text,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Low = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? High = null)
{
    /// <summary>A text.</summary>
    public static implicit operator Cell(string text) => new(text, null);

    /// <summary>A number, or nothing.</summary>
    public static implicit operator Cell(double? value) => new(null, Finite(value));

    /// <summary>A number.</summary>
    public static implicit operator Cell(double value) => new(null, Finite(value));

    /// <summary>A mean with its interval.</summary>
    public static implicit operator Cell(ConfidenceInterval mean) => new(null, Finite(mean.Mean), Finite(mean.Low), Finite(mean.High));

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
