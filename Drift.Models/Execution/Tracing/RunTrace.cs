using Drift.Dvfs;

namespace Drift.Models;

/// <summary>
/// Every charge of one picture's run, in the order in which its ledger took them. Their sum in that order is therefore the ledger's, to the last bit: addition of doubles depends on the order.
/// Serves one thread.
/// </summary>
public sealed class RunTrace
{
    private readonly List<TraceRow> _rows = [];

    /// <summary>The charges.</summary>
    public IReadOnlyList<TraceRow> Rows => _rows;

    /// <summary>The sum of the costs, in order.</summary>
    public Cost Cost
    {
        get
        {
            var sum = default(Cost);
            foreach (var row in _rows)
                sum += row.Cost;
            return sum;
        }
    }

    /// <summary>Writes a charge down. Those of nothing, such as a restore of no bytes, are left out.</summary>
    /// <param name="row">The charge.</param>
    public void Add(TraceRow row)
    {
        if (row.Cost != default || row.Mended > 0)
            _rows.Add(row);
    }
}
