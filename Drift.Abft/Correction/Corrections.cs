namespace Drift.Abft;

/// <summary>An accumulator and what it should be.</summary>
/// <param name="Row">Row of the product.</param>
/// <param name="Column">Column of the product.</param>
/// <param name="Value">The accumulator's new value.</param>
public readonly record struct Replacement(int Row, int Column, int Value);

/// <summary>The accumulators that a corrector replaces, and the work that it took. One a worker, reused from call to call without allocation.</summary>
public sealed class Corrections
{
    private Replacement[] _list = new Replacement[64];
    private int _count;

    /// <summary>The replacements, in the order in which they were found.</summary>
    public ReadOnlySpan<Replacement> All => _list.AsSpan(0, _count);

    /// <summary>Elements computed again at the nominal point, K multiply-accumulates each.</summary>
    public long Recomputed { get; private set; }

    /// <summary>Tiles that those elements fill.</summary>
    public int TilesRecomputed { get; private set; }

    /// <summary>Cycles in which the whole array stood still.</summary>
    public long Stalls { get; private set; }

    /// <summary>Tiles given up: the whole of them is condemned.</summary>
    public int TilesGivenUp { get; private set; }

    /// <summary>Forgets everything.</summary>
    public void Clear() => (_count, Recomputed, TilesRecomputed, Stalls, TilesGivenUp) = (0, 0, 0, 0, 0);

    /// <summary>Replaces an accumulator.</summary>
    /// <param name="row">Row of the product.</param>
    /// <param name="column">Column of the product.</param>
    /// <param name="value">What it should be.</param>
    public void Replace(int row, int column, int value)
    {
        if (_count == _list.Length)
            Array.Resize(ref _list, 2 * _count);
        _list[_count++] = new Replacement(row, column, value);
    }

    /// <summary>Notes a tile computed again.</summary>
    /// <param name="elements">Its elements.</param>
    public void RecomputeTile(long elements) => (Recomputed, TilesRecomputed) = (Recomputed + elements, TilesRecomputed + 1);

    /// <summary>Notes cycles of standstill.</summary>
    /// <param name="cycles">How many.</param>
    public void Stall(long cycles) => Stalls += cycles;

    /// <summary>Notes a tile that could not be explained.</summary>
    public void GiveUpTile() => TilesGivenUp++;
}
