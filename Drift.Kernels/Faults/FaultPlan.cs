namespace Drift.Kernels;

/// <summary>One bit to invert in one accumulator.</summary>
/// <param name="Row">Row of the product.</param>
/// <param name="Column">Column of the product.</param>
/// <param name="Bit">Bit of the INT32 accumulator, 0..31.</param>
public readonly record struct Flip(int Row, int Column, int Bit)
{
    /// <summary>The mask that the accumulator is XORed with.</summary>
    public int Mask => 1 << Bit;

    /// <summary>
    /// Change that this flip made to an accumulator, modulo 2^32, read off the flipped value: a bit that is set now was added. Without a branch, which no processor could foresee.
    /// </summary>
    /// <param name="flipped">The accumulator after the flip.</param>
    public int Delta(int flipped) => 2 * (flipped & Mask) - Mask;
}

/// <summary>
/// The flips of one product, sparse: sorted by 32x32 block, blocks counted from element (0,0) and in row-major order.
/// A view of memory that its planner owns: valid until the planner draws again.
/// </summary>
public readonly struct FaultPlan
{
    /// <summary>Edge of a fault block. Not a tuning knob: it is part of what a seed means.</summary>
    public const int Block = 32;

    private readonly Flip[] _flips;
    private readonly int[] _starts;
    private readonly int _blockColumns;

    internal FaultPlan(Flip[] flips, int count, int[] starts, int m, int n)
    {
        (_flips, Count, _starts) = (flips, count, starts);
        (M, N, BlockRows, _blockColumns) = (m, n, Blocks(m), Blocks(n));
    }

    /// <summary>No fault at all.</summary>
    public static FaultPlan None => default;

    /// <summary>Number of flips.</summary>
    public int Count { get; }

    /// <summary>Rows of the product that this was planned for; 0 for <see cref="None"/>.</summary>
    public int M { get; }

    /// <summary>Columns of the product that this was planned for; 0 for <see cref="None"/>.</summary>
    public int N { get; }

    /// <summary>Number of blocks from top to bottom; 0 for <see cref="None"/>.</summary>
    public int BlockRows { get; }

    /// <summary>Number of blocks from left to right; 0 for <see cref="None"/>.</summary>
    public int BlockColumns => _blockColumns;

    /// <summary>True when there is nothing to apply.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>All flips, in block order.</summary>
    public ReadOnlySpan<Flip> All => _flips.AsSpan(0, Count);

    /// <summary>Where each block's flips start in <see cref="All"/>, row-major, with the total at the end; empty for <see cref="None"/>.</summary>
    public ReadOnlySpan<int> Starts => IsEmpty ? [] : _starts.AsSpan(0, BlockRows * _blockColumns + 1);

    /// <summary>Flips of one block.</summary>
    /// <param name="blockRow">Block counted from the top.</param>
    /// <param name="blockColumn">Block counted from the left.</param>
    public ReadOnlySpan<Flip> In(int blockRow, int blockColumn)
    {
        if (IsEmpty)
            return [];
        var block = blockRow * _blockColumns + blockColumn;
        return _flips.AsSpan(_starts[block].._starts[block + 1]);
    }

    /// <summary>A plan from an explicit list; several flips of one element all count.</summary>
    /// <param name="m">Rows of the product.</param>
    /// <param name="n">Columns of the product.</param>
    /// <param name="flips">Flips in any order.</param>
    /// <exception cref="ArgumentException">A flip lies outside the product or the accumulator.</exception>
    public static FaultPlan Of(int m, int n, IEnumerable<Flip> flips)
    {
        ArgumentNullException.ThrowIfNull(flips);
        var columns = Blocks(n);
        var sorted = flips.OrderBy(f => BlockOf(f, columns)).ToArray();
        var starts = new int[Blocks(m) * columns + 1];
        foreach (var f in sorted)
        {
            if (f.Row < 0 || f.Row >= m || f.Column < 0 || f.Column >= n || f.Bit is < 0 or > 31)
                throw new ArgumentException($"flip ({f.Row}, {f.Column}, bit {f.Bit}) lies outside a product of {m} x {n} with bits 0..31", nameof(flips));
            starts[BlockOf(f, columns) + 1]++;
        }

        for (var i = 1; i < starts.Length; i++)
            starts[i] += starts[i - 1];
        return new FaultPlan(sorted, sorted.Length, starts, m, n);
    }

    /// <summary>The same flips in memory of its own, valid for good.</summary>
    public FaultPlan Clone() => IsEmpty ? new FaultPlan([], 0, [], M, N) : new FaultPlan(All.ToArray(), Count, Starts.ToArray(), M, N);

    /// <summary>
    /// XORs every flip into the accumulators. Doing it twice restores them, which is how the clean values are had without a second product.
    /// </summary>
    /// <param name="output">The accumulators.</param>
    /// <exception cref="ArgumentException">The plan is for another shape.</exception>
    public void Toggle(GemmOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        RequireShape(output.Shape.M, output.Shape.N);
        var accumulators = output.Accumulators;
        foreach (var f in All)
            accumulators[f.Row * output.Stride + f.Column] ^= f.Mask;
    }

    /// <summary>
    /// Fails unless this was planned for the shape: equal block counts are not enough, a ragged block's flips may lie beyond a smaller product's edge.
    /// </summary>
    /// <param name="m">Rows of the product.</param>
    /// <param name="n">Columns of the product.</param>
    /// <exception cref="ArgumentException">It was planned for another.</exception>
    public void RequireShape(int m, int n)
    {
        if (!IsEmpty && (M != m || N != n))
            throw new ArgumentException($"a fault plan for {M} x {N} does not fit a product of {m} x {n}");
    }

    internal static int Blocks(int extent) => (extent + Block - 1) / Block;

    private static int BlockOf(Flip f, int columns) => f.Row / Block * columns + f.Column / Block;
}
