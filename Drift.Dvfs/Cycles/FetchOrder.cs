namespace Drift.Dvfs;

/// <summary>The order in which an operand is fetched ahead: fold after fold, step after step, lane after lane; along diagonals where the array asks for it skewed.</summary>
/// <param name="addresses">The operand's addresses by lane and step.</param>
/// <param name="edge">Edge of the array that its lanes stand on.</param>
/// <param name="diagonal">True where the array asks for it skewed.</param>
internal sealed class FetchOrder(OperandAddresses addresses, int edge, bool diagonal)
{
    private readonly int _rows = checked((int)SystolicArray.Folds(addresses.Rows, edge) * addresses.Columns);

    /// <summary>Places in the order, empty ones of a partly filled fold included.</summary>
    public long Places => (long)_rows * edge;

    /// <summary>The lines that hold each address, ascending, when the order is cut into lines of some words.</summary>
    /// <returns>Where each address begins in the list, and the list.</returns>
    /// <exception cref="OverflowException">More reads than a list has places.</exception>
    public (int[] Starts, int[] Lines) LinesOf(long wordsPerLine)
    {
        var sequence = Sequence();
        var starts = new int[addresses.Count + 1];
        foreach (var address in sequence)
            starts[address + 1]++;
        for (var i = 1; i < starts.Length; i++)
            starts[i] += starts[i - 1];
        var lines = new int[starts[^1]];
        var next = starts.AsSpan(0, addresses.Count).ToArray();
        long word = 0;
        foreach (var address in sequence)
            lines[next[address]++] = (int)(word++ / wordsPerLine);
        return (starts, lines);
    }

    /// <summary>The addresses that are read, in their order.</summary>
    private int[] Sequence()
    {
        var (sequence, count) = (new int[checked((int)addresses.Reads())], 0);
        for (var step = 0; step < (diagonal ? _rows + edge - 1 : _rows); step++)
        {
            for (int lane = diagonal ? Math.Max(0, step - _rows + 1) : 0, end = diagonal ? Math.Min(step + 1, edge) : edge; lane < end; lane++)
            {
                var address = At(diagonal ? step - lane : step, lane);
                if (address >= 0)
                    sequence[count++] = address;
            }
        }

        return sequence;
    }

    private int At(int row, int lane)
    {
        var (fold, step) = Math.DivRem(row, addresses.Columns);
        var coordinate = fold * edge + lane;
        return coordinate < addresses.Rows ? addresses.At(coordinate, step) : -1;
    }
}
