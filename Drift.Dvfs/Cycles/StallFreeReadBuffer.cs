namespace Drift.Dvfs;

/// <summary>
/// SCALE-Sim 3.0.0's read buffer where bandwidth is CALCulated: every request is served at once, and what a request adds to the buffer is counted as fetched. The buffer holds
/// sets of a hundredth of its size; when fifty new ones are full, the oldest fifty are forgotten.
/// </summary>
internal sealed class StallFreeReadBuffer : IReadBuffer
{
    /// <summary>Cycles from a request to its serving.</summary>
    public const int HitLatency = 1;

    private const int Sets = 100, Half = Sets / 2;

    /// <summary>Words a cycle that the tool assumes for the first fetch; an arbitrary constant of its own.</summary>
    private const int AssumedBandwidth = 10;

    private readonly OperandAddresses _addresses;
    private readonly long _wordsPerSet;
    private readonly int[] _setOf;
    private int _oldest;
    private int _current;
    private long _inCurrent;
    private long? _firstRequest;
    private bool _fetched;
    private long _fetchEnd;

    /// <summary>An empty buffer.</summary>
    /// <param name="addresses">The operand's addresses by lane and step.</param>
    /// <param name="distinct">How many distinct ones are read.</param>
    /// <param name="words">Size of the buffer, at least 100.</param>
    public StallFreeReadBuffer(OperandAddresses addresses, long distinct, long words)
    {
        (_addresses, _wordsPerSet) = (addresses, words / Sets);
        // An operand that never fills fifty sets is fetched once, whatever the order of its requests: nothing needs to be tracked.
        var fits = distinct < Half * _wordsPerSet;
        _setOf = fits ? [] : new int[addresses.Count];
        Array.Fill(_setOf, -1);
        if (fits)
            (Reads, _current, _inCurrent) = (distinct, (int)(distinct / _wordsPerSet), distinct % _wordsPerSet);
    }

    /// <inheritdoc/>
    public long Reads { get; private set; }

    /// <inheritdoc/>
    public CycleSpan Dram { get; private set; } = CycleSpan.None;

    /// <inheritdoc/>
    public CycleSpan Sram { get; private set; } = CycleSpan.None;

    /// <inheritdoc/>
    public long Serve(in DemandStream stream, int foldCycle, long cycle)
    {
        var (from, to) = stream.LanesAt(foldCycle);
        var asked = false;
        for (var lane = from; lane < to; lane++)
        {
            if (_setOf.Length == 0 && !_addresses.HasOutside)
            {
                asked = true;
                break;
            }

            var address = _addresses.At(stream.LaneBase + lane, stream.Step(foldCycle, lane));
            if (address < 0)
                continue;
            asked = true;
            _firstRequest ??= cycle;
            if (_setOf.Length > 0 && _setOf[address] < _oldest)
                Fetch(address, cycle);
        }

        if (asked)
            Sram = Sram.Including(cycle + HitLatency);
        return 0;
    }

    /// <inheritdoc/>
    public void Finish()
    {
        if (_fetched)
        {
            Dram = Dram.Including(_fetchEnd + HitLatency);
            return;
        }

        var sets = _current + (_inCurrent > 0 ? 1 : 0);
        Dram = new CycleSpan(-CyclesOf(sets), -1);
    }

    private void Fetch(int address, long cycle)
    {
        Reads++;
        _setOf[address] = _current;
        if (++_inCurrent < _wordsPerSet)
            return;
        (_inCurrent, _current) = (0, _current + 1);
        if (_current != _oldest + Half)
            return;
        if (!_fetched)
            Dram = Dram.Including(_firstRequest!.Value - CyclesOf(Half));
        (_fetched, _oldest, _fetchEnd) = (true, _oldest + Half, cycle);
    }

    private long CyclesOf(int sets) => (sets * _wordsPerSet + AssumedBandwidth - 1) / AssumedBandwidth;
}
