namespace Drift.Dvfs;

/// <summary>Addresses of an operand's elements, each the sum of a part of its row and a part of its column; -1 where nothing is read.</summary>
/// <param name="rows">What each row adds.</param>
/// <param name="columns">What each column adds.</param>
/// <param name="count">Addresses lie below this.</param>
/// <param name="isOutside">True for elements that are not read; null where all are.</param>
internal sealed class OperandAddresses(int[] rows, int[] columns, int count, Func<int, int, bool>? isOutside = null)
{
    /// <summary>One more than the largest address.</summary>
    public int Count => count;

    /// <summary>Rows of the operand.</summary>
    public int Rows => rows.Length;

    /// <summary>Columns of the operand.</summary>
    public int Columns => columns.Length;

    /// <summary>True where some elements are not read.</summary>
    public bool HasOutside => isOutside is not null;

    /// <summary>A matrix, row after row.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="columns">Its columns.</param>
    /// <exception cref="OverflowException">More elements than an address has numbers, or lines than are listed.</exception>
    public static OperandAddresses Dense(int rows, int columns)
    {
        var count = Required(rows, columns, (Int128)rows * columns);
        return new OperandAddresses([.. Enumerable.Range(0, rows).Select(row => row * columns)], [.. Enumerable.Range(0, columns)], count);
    }

    /// <summary>The elements, told before anything is listed.</summary>
    /// <param name="rows">Rows of the operand.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="count">Its elements.</param>
    /// <exception cref="OverflowException">More elements than an address has numbers, or lines than <see cref="MemorySimulation.MostLines"/>.</exception>
    public static int Required(long rows, long columns, Int128 count) => Math.Max(rows, columns) <= MemorySimulation.MostLines ? checked((int)count)
        : throw new OverflowException($"expected at most {MemorySimulation.MostLines} rows and columns, not {rows} and {columns}");

    /// <summary>The same elements with rows and columns exchanged.</summary>
    public OperandAddresses Transposed() => new(columns, rows, count, isOutside is { } outside ? (row, column) => outside(column, row) : null);

    /// <summary>The address of an element, or -1.</summary>
    /// <param name="row">Its row.</param>
    /// <param name="column">Its column.</param>
    public int At(int row, int column) => isOutside is not null && isOutside(row, column) ? -1 : rows[row] + columns[column];

    /// <summary>Elements that are read, each counted as often as it stands in the operand.</summary>
    public long Reads()
    {
        if (isOutside is null)
            return (long)rows.Length * columns.Length;
        long reads = 0;
        for (var row = 0; row < rows.Length; row++)
        {
            for (var column = 0; column < columns.Length; column++)
                reads += isOutside(row, column) ? 0 : 1;
        }

        return reads;
    }
}
