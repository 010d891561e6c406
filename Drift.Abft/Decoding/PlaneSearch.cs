using System.Numerics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Explains a tile's deviations by the fewest flips, bit plane by bit plane from the lowest. Once all lower planes are explained, bit b of a deviation is the parity of the
/// line's flips of bit b, whatever their signs; a position's sign is read off its accumulator. So each plane is a small matching of odd rows with odd columns, and what a
/// wrong sign leaves behind has to be paid for in the planes above.
/// </summary>
/// <remarks>
/// A best-first search (A*, Hart, Nilsson and Raphael 1968; matchings of a plane are produced a cost at a time, as in Yoshizumi's partial expansion, 2000). Its lower bound is the
/// flips placed plus those that rows or columns need still (<see cref="LineWeight"/>), so the first explanation that closes has the fewest flips, and all others with as
/// few have been joined with it: positions on which they differ are not certain, unless the values of the accumulators speak clearly for one side. What is not looked at:
/// flips that cancel on all their lines at once, of which it takes four, and a matching of a plane with more flips than its odd lines need.
/// </remarks>
internal sealed class PlaneSearch
{
    /// <summary>Positions tried a tile, and explanations followed, before it is given up.</summary>
    private const int MostTrials = 20_000, MostFollowed = 1_000;

    /// <summary>ln of the odds by which values must speak for one of two explanations with as many flips: 10,000 to 1.</summary>
    public const float Decisive = 9.2f;

    /// <summary>Odd lines of a plane up to which its matchings are tried one by one.</summary>
    private const int FewLines = 3;

    private readonly SearchQueue _queue = new();
    private readonly Hypothesis _work = new();
    private readonly Hypothesis _trunk = new();
    private int _trials;
    private int _nextLimit;

    /// <summary>Explains a tile.</summary>
    /// <param name="tile">Its accumulators.</param>
    /// <param name="start">Its deviations, less the flips that are placed already. Changed.</param>
    /// <param name="balancedOnly">Give up where a plane has more odd rows than odd columns or the reverse.</param>
    /// <returns>The explanation, valid until the next call; null where none was found.</returns>
    public Hypothesis? Explain(in SuspectTile tile, Hypothesis start, bool balancedOnly)
    {
        _trials = 0;
        if (!PlacePairs(tile, start))
            return null;
        if (start.LowestPlane == 32)
            return start.IsClosed ? start : null;
        // Where no moments are, PlaneWalk has gone that way already, as far as it has room and columns show what it takes back first; what it refuses for those is searched.
        if (start.HasMoments && FollowTheOnlyWay(tile, start) is { } only)
            return only;
        _queue.Reset(start.Least);
        _queue.Add(start);
        while (_queue.Take(out var flips) is { } hypothesis)
        {
            if (hypothesis.LowestPlane == 32)
                return hypothesis.IsClosed ? hypothesis : null;
            if (!Expand(tile, hypothesis, flips, balancedOnly))
                return null;
        }

        return null;
    }

    /// <summary>The usual case: one odd row, one odd column, no choice. False where the position cannot be.</summary>
    private static bool PlacePairs(in SuspectTile tile, Hypothesis hypothesis)
    {
        while (true)
        {
            var plane = hypothesis.LowestPlane;
            if (plane == 32)
                return true;
            ulong rows = hypothesis.OddRows(plane), columns = hypothesis.OddColumns(plane);
            if (!BitOperations.IsPow2(rows) || !BitOperations.IsPow2(columns))
                return true;
            int row = BitOperations.TrailingZeroCount(rows), column = BitOperations.TrailingZeroCount(columns);
            if (!IsPossible(tile, hypothesis, row, column, plane))
                return false;
            hypothesis.Place(row, column, plane, tile[row, column]);
        }
    }

    /// <summary>
    /// The usual case of planes with several odd lines: in each, a single matching costs no flip beyond the fewest. Where that closes the tile, the search would have ended there too, with nothing to join. Null elsewhere.
    /// </summary>
    private Hypothesis? FollowTheOnlyWay(in SuspectTile tile, Hypothesis start)
    {
        Span<byte> only = stackalloc byte[FewLines], tried = stackalloc byte[FewLines];
        _trunk.CopyFrom(start);
        var least = start.Least;
        for (var plane = _trunk.LowestPlane; plane < 32; plane = _trunk.LowestPlane)
        {
            ulong rows = _trunk.OddRows(plane), columns = _trunk.OddColumns(plane);
            var count = BitOperations.PopCount(rows);
            if (count > FewLines || count != BitOperations.PopCount(columns))
                return null;
            if (Match(tile, plane, least, rows, columns, 0, tried, only) != 1)
                return null;
            for (var i = 0; i < count; i++, rows &= rows - 1)
            {
                var row = BitOperations.TrailingZeroCount(rows);
                _trunk.Place(row, only[i], plane, tile[row, only[i]]);
            }
        }

        return _trunk.IsClosed ? _trunk : null;
    }

    /// <summary>Counts the matchings of the odd lines that cost no flip beyond the fewest, and keeps one. The trunk is as before when this returns.</summary>
    private int Match(in SuspectTile tile, int plane, int least, ulong rows, ulong columns, int depth, Span<byte> tried, Span<byte> kept)
    {
        if (rows == 0)
        {
            tried.CopyTo(kept);
            return 1;
        }

        var row = BitOperations.TrailingZeroCount(rows);
        var ways = 0;
        for (var left = columns; left != 0; left &= left - 1)
        {
            var column = BitOperations.TrailingZeroCount(left);
            if (!IsPossible(tile, _trunk, row, column, plane))
                continue;
            var accumulator = tile[row, column];
            _trunk.Place(row, column, plane, accumulator);
            if (_trunk.Least <= least)
            {
                tried[depth] = (byte)column;
                ways += Match(tile, plane, least, rows & (rows - 1), columns & ~(1UL << column), depth + 1, tried, kept);
            }

            _trunk.TakeBack(accumulator);
        }

        return ways;
    }

    /// <summary>Follows all matchings of a plane that bring an explanation to so many flips; false where the search should end.</summary>
    private bool Expand(in SuspectTile tile, Hypothesis hypothesis, int flips, bool balancedOnly)
    {
        var plane = hypothesis.LowestPlane;
        ulong rows = hypothesis.OddRows(plane), columns = hypothesis.OddColumns(plane);
        int rowCount = BitOperations.PopCount(rows), columnCount = BitOperations.PopCount(columns);
        if (balancedOnly && rowCount != columnCount)
            return false;
        // Lines of the larger side take one flip each; those that have no partner share a line of the other.
        var byRows = rowCount >= columnCount;
        _work.CopyFrom(hypothesis);
        var matching = new Matching(plane, byRows, flips, ulong.MaxValue >> (64 - (byRows ? tile.Width : tile.Height)), _work.Placements.Length, _work.Evidence);
        _nextLimit = int.MaxValue;
        Descend(tile, matching, byRows ? rows : columns, byRows ? columns : rows);
        if (_nextLimit != int.MaxValue)
            _queue.Queue(hypothesis, _nextLimit);
        return _trials <= MostTrials && _queue.Count <= MostFollowed;
    }

    private void Descend(in SuspectTile tile, in Matching matching, ulong open, ulong odd)
    {
        if (open == 0)
        {
            if (_work.Least == matching.Flips)
                Admit(tile, matching);
            return;
        }

        var line = BitOperations.TrailingZeroCount(open);
        var rest = open & (open - 1);
        for (var partners = BitOperations.PopCount(odd) <= BitOperations.PopCount(rest) - 1 ? matching.All : odd; partners != 0; partners &= partners - 1)
        {
            var partner = BitOperations.TrailingZeroCount(partners);
            var (row, column) = matching.ByRows ? (line, partner) : (partner, line);
            if (!IsPossible(tile, _work, row, column, matching.Plane) || ++_trials > MostTrials)
                continue;
            var accumulator = tile[row, column];
            var least = _work.LeastWith(row, column, new Flip(row, column, matching.Plane).Delta(accumulator));
            if (least > matching.Flips)
            {
                _nextLimit = Math.Min(_nextLimit, least);
                continue;
            }

            _work.Place(row, column, matching.Plane, accumulator);
            Descend(tile, matching, rest, odd ^ (1UL << partner));
            _work.TakeBack(accumulator);
        }
    }

    private static bool IsPossible(in SuspectTile tile, Hypothesis hypothesis, int row, int column, int plane) =>
        MathF.Abs(tile[row, column] ^ (1 << plane)) <= tile.Bound(row, column) && !hypothesis.HasPlaced(row, column);

    /// <summary>Queues an explanation, unless another leaves the same deviations: then the one with fewer flips, the better one, or both as one.</summary>
    private void Admit(in SuspectTile tile, in Matching matching)
    {
        var evidence = matching.Evidence;
        foreach (var (row, column, bit, _) in _work.Placements[matching.Placed..])
            evidence += Evidence.ForFlip(tile[row, column], tile[row, column] ^ (1 << bit), tile.Bound(row, column), tile.Depth);
        _work.Evidence = evidence;
        if (_queue.Like(_work) is not { } known)
        {
            _queue.Add(_work);
        }
        else if (_work.Flips < known.Flips)
        {
            known.CopyFrom(_work);
            _queue.Queue(known, known.Least);
        }
        else if (_work.Flips == known.Flips)
        {
            var lead = _work.Evidence - known.Evidence;
            if (MathF.Abs(lead) < Decisive)
                known.Join(_work);
            else if (lead > 0)
                known.CopyFrom(_work);
        }
    }

    /// <summary>A plane's lines: those of one side take one flip each, those of the other must end up even.</summary>
    /// <param name="Plane">The bit.</param>
    /// <param name="ByRows">Whether rows take one flip each.</param>
    /// <param name="Flips">Flips, those still needed included, that the matching may come to.</param>
    /// <param name="All">All lines of the other side.</param>
    /// <param name="Placed">Placements before it.</param>
    /// <param name="Evidence">Evidence before it.</param>
    private readonly record struct Matching(int Plane, bool ByRows, int Flips, ulong All, int Placed, float Evidence);
}
