namespace Drift.Abft;

/// <summary>A tile with an explanation of its deviations: what stands at an element and what is taken back from it.</summary>
internal readonly ref struct ExplainedTile
{
    private readonly SuspectTile _tile;
    private readonly ReadOnlySpan<Placement> _placed;
    private readonly Span<ulong> _takenBack;

    /// <summary>Takes both.</summary>
    /// <param name="tile">The accumulators.</param>
    /// <param name="placed">The explanation.</param>
    /// <param name="scratch">A word for each of <see cref="Hypothesis.LargestTile"/> rows.</param>
    public ExplainedTile(in SuspectTile tile, ReadOnlySpan<Placement> placed, Span<ulong> scratch)
    {
        _tile = tile;
        _placed = placed;
        _takenBack = scratch;
        scratch.Clear();
        foreach (var (row, column, _, _) in placed)
            scratch[row] |= 1UL << column;
    }

    /// <summary>The accumulators.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public ref readonly SuspectTile Tile => ref _tile;

    /// <summary>The columns in which a row has something taken back.</summary>
    public ulong TakenBack(int row) => _takenBack[row];

    /// <summary>How much likelier an element of the explanation is as it stands than without its flip, as a ratio of <see cref="Evidence.Ratio"/>.</summary>
    public float RatioWithout(Placement own)
    {
        var accumulator = _tile[own.Row, own.Column];
        return Evidence.Ratio(accumulator ^ (1 << own.Bit), accumulator, _tile.Bound(own.Row, own.Column), _tile.Depth);
    }

    /// <summary>The rectangle between a flip of the explanation and the crossing of another row and column.</summary>
    public Rectangle Rectangle(Placement own, int row, int column) =>
        new(Corner(own.Row, own.Column), Corner(own.Row, column), Corner(row, own.Column), Corner(row, column), _tile.Depth);

    /// <summary>An element, with what the explanation takes back from it.</summary>
    public Corner Corner(int row, int column)
    {
        int accumulator = _tile[row, column], change = 0;
        var isKnown = true;
        if ((_takenBack[row] >> column & 1) != 0)
        {
            foreach (var own in _placed)
            {
                if (own.Row != row || own.Column != column)
                    continue;
                isKnown &= own.Certain;
                change = accumulator - (accumulator ^ (1 << own.Bit));
            }
        }

        return new Corner(accumulator, change, _tile.Bound(row, column), isKnown);
    }
}
