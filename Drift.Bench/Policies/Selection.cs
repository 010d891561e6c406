using System.Globalization;

namespace Drift.Bench;

/// <summary>A choice among things in a policy file: * for all, or some of them separated by commas.</summary>
internal static class Selection
{
    /// <summary>All of them.</summary>
    public const string All = "*";

    /// <summary>Numbers and ranges, such as 0-1,5.</summary>
    /// <param name="text">The choice.</param>
    /// <param name="known">The numbers that exist.</param>
    /// <param name="where">File and place, for complaints.</param>
    /// <param name="what">What the numbers count, for complaints.</param>
    /// <returns>The chosen ones; null for all.</returns>
    /// <exception cref="UserErrorException">It is not of that form, or names a number that does not exist.</exception>
    public static HashSet<int>? Numbers(string text, IReadOnlySet<int> known, string where, string what)
    {
        if (text == All)
            return null;
        var chosen = new HashSet<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-', StringSplitOptions.TrimEntries);
            if (ends.Length > 2 || !Whole(ends[0], out var first) || !Whole(ends[^1], out var last) || last < first)
                throw new UserErrorException($"{where}.{what}: expected {All}, or numbers and ranges such as 0-1,5, not '{text}'");
            for (var number = first; number <= last; number++)
            {
                if (!known.Contains(number))
                    throw new UserErrorException($"{where}.{what}: there is no {number}; the run has {Listed(known)}");
                chosen.Add(number);
            }
        }

        return chosen;
    }

    /// <summary>Numbers as ranges, for people and files.</summary>
    /// <param name="numbers">The numbers.</param>
    public static string Listed(IEnumerable<int> numbers)
    {
        var parts = new List<(int First, int Last)>();
        foreach (var number in numbers.Order())
        {
            if (parts.Count > 0 && parts[^1].Last == number - 1)
                parts[^1] = (parts[^1].First, number);
            else
                parts.Add((number, number));
        }

        return string.Join(",", parts.Select(part => part.First == part.Last ? $"{part.First}" : $"{part.First}-{part.Last}"));
    }

    private static bool Whole(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
