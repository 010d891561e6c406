using System.Globalization;

namespace Drift.Bench;

/// <summary>Numbers as people read them in tables and lines, in every language's machine alike.</summary>
internal static class Numerals
{
    private const string Absent = "-";

    /// <summary>A number in a standard or custom format; a dash where there is none, <c>inf</c> beyond all, and no sign before a number that rounds to nothing.</summary>
    /// <param name="value">The number; null or NaN where there is none.</param>
    /// <param name="format">As .NET's <see cref="double.ToString(string)"/> reads it.</param>
    public static string Of(double? value, string format)
    {
        if (value is not { } number || double.IsNaN(number))
            return Absent;
        if (double.IsInfinity(number))
            return number > 0 ? "inf" : "-inf";
        var text = number.ToString(format, CultureInfo.InvariantCulture);
        return text.StartsWith('-') && !text.AsSpan().ContainsAnyInRange('1', '9') ? text[1..] : text;
    }

    /// <summary>A number of things: 1 picture, 2 pictures.</summary>
    public static string Count(long number, string thing) => string.Create(CultureInfo.InvariantCulture, $"{number} {thing}{(number == 1 ? "" : "s")}");

    /// <summary>A whole number; a dash where there is none.</summary>
    public static string Of(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? Absent;
}
