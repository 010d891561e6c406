namespace Drift.Dvfs;

/// <summary>
/// SCALE-Sim 3.0.0's read buffer under a bandwidth of the USER's: the operand is fetched in the order in which the array will ask, half a buffer ahead, in a window of lines that
/// moves round and round; a request outside the window moves it on, and the array waits for the fetch.
/// </summary>
/// <remarks>
/// Two habits of the tool are kept, so that stalls agree: it adds a wait TWICE, and it charges half a buffer for every move, whatever the move brings.
/// </remarks>
internal sealed class PrefetchingReadBuffer : IReadBuffer
{
    private const int HitLatency = StallFreeReadBuffer.HitLatency, DramLatency = 1, Lines = 100;

    private readonly OperandAddresses _addresses;
    private readonly int[] _firstLine = [];
    private readonly int[] _linesOf = [];
    private readonly int _lines;
    private readonly int _active;
    private readonly int _ahead;
    private readonly long _fetchCycles;
    private readonly int _width;
    private int _start;
    private long _lastFetch = -1;

    /// <summary>A buffer whose first half is full.</summary>
    /// <param name="addresses">The operand's addresses by lane and step.</param>
    /// <param name="edge">Edge of the array that its lanes stand on.</param>
    /// <param name="diagonal">True where the array asks for it skewed.</param>
    /// <param name="words">Size of the buffer, at least 2.</param>
    /// <param name="width">Words a cycle from DRAM, at least 1.</param>
    public PrefetchingReadBuffer(OperandAddresses addresses, int edge, bool diagonal, long words, int width)
    {
        (_addresses, _width) = (addresses, width);
        long active = (words + 1) / 2, ahead = words - active, wordsPerLine = (words + Lines - 1) / Lines;
        var order = new FetchOrder(addresses, edge, diagonal);
        _lines = (int)(addresses.Reads() / wordsPerLine) + 1;
        _active = (int)Math.Min(_lines, (active + wordsPerLine - 1) / wordsPerLine);
        _ahead = (int)Math.Min(_lines - _active, (ahead + wordsPerLine - 1) / wordsPerLine);
        _fetchCycles = (ahead + width - 1) / width;
        var first = Math.Min((active + width - 1) / width, (order.Places + width - 1) / width);
        (Reads, Dram) = (first * width, new CycleSpan(-first, -1));
        if (_active < _lines)
            (_firstLine, _linesOf) = order.LinesOf(wordsPerLine);
    }

    /// <inheritdoc/>
    public long Reads { get; private set; }

    /// <inheritdoc/>
    public CycleSpan Dram { get; private set; }

    /// <inheritdoc/>
    public CycleSpan Sram { get; private set; } = CycleSpan.None;

    /// <inheritdoc/>
    public long Serve(in DemandStream stream, int foldCycle, long cycle)
    {
        var (from, to) = stream.LanesAt(foldCycle);
        long wait = 0;
        var asked = false;
        // A buffer that holds an operand of which all is read has nothing to look up.
        if (_linesOf.Length == 0 && !_addresses.HasOutside)
            (asked, to) = (from < to, from);
        for (var lane = from; lane < to; lane++)
        {
            var address = _addresses.At(stream.LaneBase + lane, stream.Step(foldCycle, lane));
            if (address < 0)
                continue;
            asked = true;
            while (!Holds(address))
            {
                Fetch();
                var late = _lastFetch - (cycle + HitLatency + wait);
                wait += late > 0 ? 2 * late : late;
            }
        }

        if (asked)
            Sram = Sram.Including(cycle + HitLatency + wait);
        return wait;
    }

    /// <inheritdoc/>
    public void Finish()
    {
        // All that is fetched is fetched on demand.
    }

    private bool Holds(int address)
    {
        if (_linesOf.Length == 0)
            return true;
        var end = (_start + _active) % _lines;
        for (var i = _firstLine[address]; i < _firstLine[address + 1]; i++)
        {
            var line = _linesOf[i];
            if (_start < end ? line >= _start && line < end : line >= _start || line < end)
                return true;
        }

        return false;
    }

    private void Fetch()
    {
        _start = (_start + _ahead) % _lines;
        _lastFetch += _fetchCycles + DramLatency;
        Reads += _fetchCycles * _width;
        Dram = Dram.Including(_lastFetch);
    }
}
