using System.Globalization;
using System.Text;
using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>energy.csv: the ledger of every row, a line of the ledger a line. Modelled; the lines of a row add up to its energy.</summary>
internal static class EnergyCsv
{
    /// <summary>UTF-8 text.</summary>
    /// <param name="rows">Name, cost and pictures of each row that has a cost.</param>
    public static byte[] Write(IEnumerable<(string Row, Cost Cost, int Images)> rows)
    {
        var text = new StringBuilder("row,line,joulesPerImage,sharePercent\n");
        foreach (var (row, cost, images) in rows)
        {
            foreach (var (line, energy) in cost.Lines)
                text.Append(CultureInfo.InvariantCulture, $"{row},{line},{energy.Value / images:R},{100 * (energy / cost.Energy):F3}\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
