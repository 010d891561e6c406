namespace Drift.Dvfs;

/// <summary>
/// Counts what accesses cost a memory. Requests that follow each other in one burst are one access (the controller holds one burst per direction); reads and writes are not mixed. Serves one thread.
/// </summary>
public sealed class DramMeter
{
    private const long None = -1;

    private readonly DramGeometry _geometry;
    private readonly long[] _open;
    private readonly long[] _activations;
    private readonly long[] _bursts;
    private long _burst = None, _covered, _useful, _hits;
    private bool _writes;

    /// <summary>A memory with all rows closed.</summary>
    /// <param name="geometry">How it is built.</param>
    public DramMeter(DramGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        _geometry = geometry;
        (_open, _activations, _bursts) = (new long[geometry.Channels * geometry.Banks], new long[geometry.Channels * geometry.Banks], new long[geometry.Channels]);
        Array.Fill(_open, None);
    }

    /// <summary>Reads or writes bytes that lie one after the other.</summary>
    /// <param name="address">The first one's address, at least 0.</param>
    /// <param name="bytes">How many, at least 1.</param>
    /// <param name="write">Whether they are written.</param>
    public void Access(long address, long bytes, bool write)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(address);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        if (write != _writes)
            Flush();
        _writes = write;
        _useful += bytes;
        while (bytes > 0)
        {
            var (burst, start) = Math.DivRem(address, _geometry.BurstBytes);
            var taken = Math.Min(bytes, _geometry.BurstBytes - start);
            if (burst != _burst)
                Flush();
            _burst = burst;
            _covered += taken;
            (address, bytes) = (address + taken, bytes - taken);
        }
    }

    /// <summary>What everything so far took.</summary>
    public DramTraffic Total()
    {
        Flush();
        var (busiest, bursts) = (_activations.Max(), _bursts.Sum());
        var time = Math.Max(busiest * _geometry.RowCycle.Value, _bursts.Max() * _geometry.BurstTime.Value);
        return new DramTraffic(_activations.Sum(), bursts, _hits, _useful, bursts * _geometry.BurstBytes, _activations.Count(count => count > 0), busiest, new Seconds(time));
    }

    /// <summary>The burst at hand goes to the memory.</summary>
    private void Flush()
    {
        if (_burst == None)
            return;
        // Part of a burst is written into what was there.
        if (_writes && _covered < _geometry.BurstBytes && !_geometry.MasksWrites)
            Open(_burst);
        Open(_burst);
        (_burst, _covered) = (None, 0);
    }

    private void Open(long burst)
    {
        var (channel, bank, row) = _geometry.Place(burst * _geometry.BurstBytes);
        var place = channel * _geometry.Banks + bank;
        _bursts[channel]++;
        if (_geometry.Policy == RowPolicy.Open && _open[place] == row)
        {
            _hits++;
            return;
        }

        _open[place] = row;
        _activations[place]++;
    }
}
