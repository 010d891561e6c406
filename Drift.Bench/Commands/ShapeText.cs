using System.Globalization;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Shapes and other lists of numbers on the command line.</summary>
internal static class ShapeText
{
    private const int LargestEdge = 8192;

    /// <summary>The form of a shape, for help.</summary>
    public const string Form = "MxNxK";

    /// <summary>Reads a shape.</summary>
    /// <param name="option">The option, for the complaint.</param>
    /// <param name="text">What was given.</param>
    /// <exception cref="UserErrorException">It is none.</exception>
    public static GemmShape Parse(string option, string text) => Numbers(text, 'x') is [var m, var n, var k] && IsEdge(m) && IsEdge(n) && IsEdge(k)
        ? new GemmShape(m, n, k)
        : throw new UserErrorException($"{option}: expected {Form} with each of 1..{LargestEdge}, got '{text}'");

    /// <summary>Reads numbers, none of them negative; null where one is no number.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="separator">What stands between them.</param>
    public static int[]? Numbers(string text, char separator)
    {
        var parts = text.Split(separator, StringSplitOptions.TrimEntries);
        var numbers = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                return null;
        }

        return numbers;
    }

    private static bool IsEdge(int extent) => extent is >= 1 and <= LargestEdge;
}
