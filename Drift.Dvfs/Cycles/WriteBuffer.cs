namespace Drift.Dvfs;

/// <summary>
/// SCALE-Sim 3.0.0's buffer of outputs: words are collected in lines of the port's width; when half the buffer is full, that half drains, a line a cycle, while the
/// other half fills; the array waits only when no word is free.
/// </summary>
/// <remarks>
/// A drain closes the line that is being filled. The tool counts the empty places of a closed line as written unless the line is the drain's last, so traffic comes out up
/// to a port's width too high for every drain after the first; that is kept, so that the counts agree.
/// </remarks>
internal sealed class WriteBuffer
{
    private readonly long _size;
    private readonly long _drain;
    private readonly int _width;
    private readonly Dictionary<long, int> _gaps = [];
    private long _free;
    private long _lines;
    private long _drained;
    private long _drainEnd;
    private int _filled;

    /// <summary>An empty buffer.</summary>
    /// <param name="words">Its size, at least 2.</param>
    /// <param name="width">Words a cycle to DRAM, at least 1.</param>
    public WriteBuffer(long words, int width) => (_size, _free, _drain, _width) = (words, words, words / 2, width);

    /// <summary>Words written to DRAM.</summary>
    public long Writes { get; private set; }

    /// <summary>When DRAM is first and last written.</summary>
    public CycleSpan Dram { get; private set; } = CycleSpan.None;

    /// <summary>When the array first and last wrote.</summary>
    public CycleSpan Sram { get; private set; } = CycleSpan.None;

    /// <summary>Takes the words of one cycle.</summary>
    /// <param name="words">How many, at least 0.</param>
    /// <param name="cycle">When they come.</param>
    /// <returns>When the last of them is taken.</returns>
    public long Serve(int words, long cycle)
    {
        for (var i = 0; i < words; i++)
        {
            Store();
            if (cycle < _drainEnd)
            {
                if (_free <= 0)
                    cycle = _drainEnd;
            }
            else if (_free < _size - _drain)
            {
                CloseLine();
                _drainEnd = Drain(cycle);
            }
        }

        if (words > 0)
            Sram = Sram.Including(cycle);
        return cycle;
    }

    /// <summary>Writes what is left.</summary>
    /// <param name="cycle">When the array is done.</param>
    public void Finish(long cycle)
    {
        CloseLine();
        while (_drained < _lines)
            cycle = Drain(cycle) + 1;
    }

    private void Store()
    {
        _free--;
        if (++_filled == _width)
            (_filled, _lines) = (0, _lines + 1);
    }

    private void CloseLine()
    {
        if (_filled == 0)
            return;
        _gaps[_lines++] = _width - _filled;
        _filled = 0;
    }

    private long Drain(long from)
    {
        var end = Math.Min(_lines, _drained + (_drain + _width - 1) / _width);
        var words = (end - _drained) * _width - _gaps.GetValueOrDefault(end - 1);
        var last = from + end - _drained - 1;
        Dram = Dram.Including(from).Including(last);
        (_drained, Writes, _free) = (end, Writes + words, _free + words);
        return last;
    }
}

/// <summary>From the first to the last cycle in which something happened.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last, below the first where nothing happened.</param>
public readonly record struct CycleSpan(long First, long Last)
{
    /// <summary>Nothing happened.</summary>
    public static CycleSpan None => new(long.MaxValue, long.MinValue);

    /// <summary>The span widened to a cycle.</summary>
    /// <param name="cycle">The cycle.</param>
    public CycleSpan Including(long cycle) => new(Math.Min(First, cycle), Math.Max(Last, cycle));
}
