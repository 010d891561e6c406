using System.Numerics;

namespace Drift.Abft;

/// <summary>
/// Explains a tile's deviations by flips, bit plane by bit plane from the lowest. Once all lower planes are explained, bit b of a deviation is the parity of the line's
/// flips of bit b, whatever their signs; a position's sign is read off its accumulator. So each plane is a small matching of odd rows with odd columns, and what a
/// wrong sign leaves behind shows up in the planes above. All matchings that need few flips are followed; those that leave the same deviations are joined.
/// </summary>
internal sealed class PlaneSearch
{
    /// <summary>How many more half-flips than the best a matching may cost and still be followed.</summary>
    private const int Slack = 2;

    /// <summary>How many more half-flips than the lower bound a plane may cost at all.</summary>
    private const int Deepest = 8;

    /// <summary>Explanations followed at a time.</summary>
    private const int Widest = 64;

    /// <summary>Positions tried a tile.</summary>
    private const int MostTrials = 20_000;

    /// <summary>ln of the odds against one flip more.</summary>
    private const float FlipOdds = 7;

    /// <summary>ln of the odds by which one explanation must beat another that leaves the same deviations.</summary>
    private const float Decisive = 9;

    private readonly Hypothesis _work = new();
    private readonly Stack<Hypothesis> _spare = [];
    private List<Hypothesis> _now = [];
    private List<Hypothesis> _next = [];
    private int _untried;
    private int _trials;

    /// <summary>Explains a tile.</summary>
    /// <param name="tile">Its accumulators.</param>
    /// <param name="start">Its deviations, less the flips that are placed already.</param>
    /// <param name="balancedOnly">Give up where a plane has more odd rows than odd columns or the reverse.</param>
    /// <returns>The explanation, valid until the next call; null where none was found, or one that was not followed could be as good.</returns>
    public Hypothesis? Explain(in SuspectTile tile, Hypothesis start, bool balancedOnly)
    {
        Recycle(_now);
        (_untried, _trials) = (int.MaxValue, 0);
        _now.Add(Copy(start));
        while (true)
        {
            var plane = 32;
            foreach (var hypothesis in _now)
                plane = Math.Min(plane, hypothesis.LowestPlane);
            if (plane == 32)
                return Closed();
            if (_now.Count == 1 && IsPair(_now[0], plane, out var row, out var column))
            {
                // The usual case: one row, one column, no choice.
                if (!IsPossible(tile, _now[0], row, column, plane))
                    return null;
                _now[0].Place(row, column, plane, tile[row, column], 0);
                continue;
            }

            foreach (var hypothesis in _now)
            {
                if (hypothesis.LowestPlane > plane)
                    Admit(hypothesis);
                else if (!Expand(tile, hypothesis, plane, balancedOnly))
                    return Abandon();
            }

            Recycle(_now);
            if (_next.Count == 0)
                return null;
            Prune();
            (_now, _next) = (_next, _now);
        }
    }

    private Hypothesis? Abandon()
    {
        Recycle(_next);
        return null;
    }

    /// <summary>What is explained, if nothing else could explain it with as few flips.</summary>
    private Hypothesis? Closed()
    {
        Hypothesis? closed = null;
        var others = _untried;
        foreach (var hypothesis in _now)
        {
            if (hypothesis.IsClosed)
                closed = hypothesis;
            else
                others = Math.Min(others, hypothesis.Excess);
        }

        return closed is not null && closed.Excess < others ? closed : null;
    }

    private static bool IsPair(Hypothesis hypothesis, int plane, out int row, out int column)
    {
        ulong rows = hypothesis.OddRows(plane), columns = hypothesis.OddColumns(plane);
        (row, column) = (BitOperations.TrailingZeroCount(rows), BitOperations.TrailingZeroCount(columns));
        return BitOperations.IsPow2(rows) && BitOperations.IsPow2(columns);
    }

    /// <summary>Follows all matchings of a plane; false where too many were tried, or the plane is not balanced and should be.</summary>
    private bool Expand(in SuspectTile tile, Hypothesis hypothesis, int plane, bool balancedOnly)
    {
        ulong rows = hypothesis.OddRows(plane), columns = hypothesis.OddColumns(plane);
        int rowCount = BitOperations.PopCount(rows), columnCount = BitOperations.PopCount(columns);
        if (balancedOnly && rowCount != columnCount)
            return false;
        // Lines of the larger side take one flip each; those that have no partner share a line of the other.
        var byRows = rowCount >= columnCount;
        var matching = new Matching(plane, byRows, byRows ? columns : rows, byRows ? tile.Width : tile.Height);
        _work.CopyFrom(hypothesis);
        var limit = _work.Excess;
        var least = limit + Deepest;
        while (limit <= least && !Descend(tile, matching, byRows ? rows : columns, matching.Odd, limit, probe: true))
            limit++;
        if (limit <= least)
            Descend(tile, matching, byRows ? rows : columns, matching.Odd, limit + Slack, probe: false);
        _untried = Math.Min(_untried, Math.Min(limit, least) + (limit <= least ? Slack : 0) + 1);
        return _trials <= MostTrials;
    }

    private bool Descend(in SuspectTile tile, in Matching matching, ulong open, ulong odd, int limit, bool probe)
    {
        if (open == 0)
        {
            if (!probe)
                Admit(_work);
            return true;
        }

        var line = BitOperations.TrailingZeroCount(open);
        var rest = open & (open - 1);
        var left = BitOperations.PopCount(rest);
        var found = false;
        for (var partners = BitOperations.PopCount(odd) < left ? matching.All : odd; partners != 0; partners &= partners - 1)
        {
            var partner = BitOperations.TrailingZeroCount(partners);
            var (row, column) = matching.ByRows ? (line, partner) : (partner, line);
            if (!IsPossible(tile, _work, row, column, matching.Plane) || ++_trials > MostTrials)
                continue;
            var accumulator = tile[row, column];
            var evidence = Evidence.ForFlip(accumulator, accumulator ^ (1 << matching.Plane), tile.Bound(row, column), tile.Depth);
            _work.Place(row, column, matching.Plane, accumulator, evidence);
            if (_work.Excess <= limit)
                found |= Descend(tile, matching, rest, odd ^ (1UL << partner), limit, probe);
            _work.TakeBack(accumulator, evidence);
            if (found && probe)
                return true;
        }

        return found;
    }

    private static bool IsPossible(in SuspectTile tile, Hypothesis hypothesis, int row, int column, int plane) =>
        MathF.Abs(tile[row, column] ^ (1 << plane)) <= tile.Bound(row, column) && !hypothesis.HasPlaced(row, column);

    /// <summary>Follows an explanation, unless another leaves the same deviations: then the better one, or both as one.</summary>
    private void Admit(Hypothesis hypothesis)
    {
        for (var i = 0; i < _next.Count; i++)
        {
            var other = _next[i];
            if (!other.LeavesTheSameAs(hypothesis))
                continue;
            var lead = FlipOdds * (hypothesis.Flips - other.Flips) + other.Evidence - hypothesis.Evidence;
            if (lead < Decisive && lead > -Decisive)
                other.Join(hypothesis);
            else if (lead < 0)
                other.CopyFrom(hypothesis);
            return;
        }

        if (_next.Count < Widest)
            _next.Add(Copy(hypothesis));
        else
            _untried = Math.Min(_untried, hypothesis.Excess);
    }

    private void Prune()
    {
        var least = int.MaxValue;
        foreach (var hypothesis in _next)
            least = Math.Min(least, hypothesis.Excess);
        for (var i = _next.Count - 1; i >= 0; i--)
        {
            if (_next[i].Excess <= least + 2 * Slack)
                continue;
            _untried = Math.Min(_untried, _next[i].Excess);
            _spare.Push(_next[i]);
            _next[i] = _next[^1];
            _next.RemoveAt(_next.Count - 1);
        }
    }

    private Hypothesis Copy(Hypothesis hypothesis)
    {
        if (!_spare.TryPop(out var copy))
            copy = new Hypothesis();
        copy.CopyFrom(hypothesis);
        return copy;
    }

    private void Recycle(List<Hypothesis> list)
    {
        foreach (var hypothesis in list)
            _spare.Push(hypothesis);
        list.Clear();
    }

    /// <summary>A plane's lines: those of one side take one flip each, those of the other must end up even.</summary>
    private readonly record struct Matching(int Plane, bool ByRows, ulong Odd, int Partners)
    {
        public ulong All => ulong.MaxValue >> (64 - Partners);
    }
}
