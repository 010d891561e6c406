using System.Text;
using HarfBuzzSharp;

namespace Drift.Models;

/// <summary>
/// Unicode's normalisation form C (UAX 15), from HarfBuzz's tables: this program runs without ICU, and without it .NET leaves text as it is.
/// </summary>
internal static class CanonicalComposition
{
    /// <summary>Below the first combining mark every code point stands for itself.</summary>
    private const char FirstMark = '\u0300';

    /// <summary>The text with every mark joined to its letter where one code point has both.</summary>
    /// <param name="text">Any text; half a surrogate pair becomes U+FFFD.</param>
    public static string Apply(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', (char)(FirstMark - 1)))
            return text;
        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
            Decompose(rune.Value, points);
        Order(points);
        Compose(points);
        return string.Concat(points.Select(point => new Rune(point).ToString()));
    }

    private static void Decompose(int point, List<int> points)
    {
        if (!UnicodeFunctions.Default.TryDecompose((uint)point, out var first, out var second))
        {
            points.Add(point);
            return;
        }

        Decompose((int)first, points);
        if (second != 0)
            Decompose((int)second, points);
    }

    /// <summary>Marks behind a letter in the order of their classes; those of one class keep theirs.</summary>
    private static void Order(List<int> points)
    {
        for (var i = 1; i < points.Count; i++)
        {
            for (var j = i; j > 0 && Class(points[j]) is not 0 and var mark && Class(points[j - 1]) > mark; j--)
                (points[j - 1], points[j]) = (points[j], points[j - 1]);
        }
    }

    private static void Compose(List<int> points)
    {
        var (starter, kept, last) = (-1, 0, 0);
        foreach (var point in points.ToArray())
        {
            var mark = Class(point);
            // Marks reach their letter past marks of lower classes only, and another letter only where it stands next to it.
            var blocked = kept - 1 > starter && last >= mark;
            if (starter >= 0 && !blocked && UnicodeFunctions.Default.TryCompose((uint)points[starter], (uint)point, out var whole))
            {
                points[starter] = (int)whole;
                continue;
            }

            if (mark == 0)
                starter = kept;
            last = mark;
            points[kept++] = point;
        }

        points.RemoveRange(kept, points.Count - kept);
    }

    private static int Class(int point) => (int)UnicodeFunctions.Default.GetCombiningClass((uint)point);
}
