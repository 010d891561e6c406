using Drift.Kernels;

namespace Drift.Tests;

/// <summary>
/// Another micro-kernel for a product of two blocks: the thread that made it is held in its first call until another one multiplies rows of its block, and that one, lest it take both blocks, until then. So a helper helps,
/// however busy the machine is. Whoever begins a block calls with its first rows first.
/// </summary>
internal sealed unsafe class HeldKernel(Int8Kernel inner) : Int8Kernel
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly ManualResetEventSlim _helped = new();
    private readonly int _held = Environment.CurrentManagedThreadId;
    private nint _heldRows, _otherRows;

    /// <summary>Whether another thread has multiplied rows of the block of the thread that made this.</summary>
    public bool IsHelped => _helped.IsSet;

    /// <inheritdoc/>
    public override string Name => inner.Name;

    /// <inheritdoc/>
    public override int Rows => inner.Rows;

    /// <inheritdoc/>
    public override int Columns => inner.Columns;

    /// <inheritdoc/>
    public override int NarrowColumns => inner.NarrowColumns;

    /// <inheritdoc/>
    public override int MostAlong => inner.MostAlong;

    /// <inheritdoc/>
    public override int Depth => inner.Depth;

    /// <inheritdoc/>
    public override byte Flip => inner.Flip;

    /// <inheritdoc/>
    public override bool JoinsDigits => inner.JoinsDigits;

    /// <inheritdoc/>
    public override bool TakesCheckRows => inner.TakesCheckRows;

    /// <inheritdoc/>
    public override bool CrossesTiles => inner.CrossesTiles;

    /// <inheritdoc/>
    public override int PackGroup(ReadOnlySpan<sbyte> weights) => inner.PackGroup(weights);

    /// <inheritdoc/>
    public override int InitialValue(int weightSum) => inner.InitialValue(weightSum);

    /// <inheritdoc/>
    public override void Run(TileCall* call, int rows, int vectors, bool sums, bool check, int above)
    {
        var c = (nint)call->C;
        if (Environment.CurrentManagedThreadId == _held)
        {
            if (Interlocked.CompareExchange(ref _heldRows, c, 0) == 0)
                _helped.Wait(Patience);
        }
        else
        {
            if (Interlocked.CompareExchange(ref _otherRows, c, 0) == 0)
                SpinWait.SpinUntil(() => Volatile.Read(ref _heldRows) != 0, Patience);
            var held = Volatile.Read(ref _heldRows);
            if (c != _otherRows && held != 0 && (_otherRows > held ? c < _otherRows : c >= held))
                _helped.Set();
        }

        inner.Run(call, rows, vectors, sums, check, above);
    }

    /// <inheritdoc/>
    public override void RunAlong(TileCall* call, int rows, int columns, bool flips, bool apart) => inner.RunAlong(call, rows, columns, flips, apart);

    /// <inheritdoc/>
    public override void Dispose()
    {
        inner.Dispose();
        _helped.Dispose();
        base.Dispose();
    }
}
