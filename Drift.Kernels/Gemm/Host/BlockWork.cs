namespace Drift.Kernels;

/// <summary>
/// Who packs and multiplies which block of a product, and when. A thread has blocks of its own where there are enough, the same in every call, and goes from one to the next without waiting; only when
/// nobody has another to begin does it help with panels of one. Where there are fewer blocks than threads, some threads begin with each; who packs a block waits until all of it is packed. Where all
/// rows are one block that every thread packs for itself, nobody waits, and what is shared out are panels: each thread has a range of its own, then helps with the others'.
/// </summary>
internal abstract class BlockWork : ParallelWork
{
    // Panels of a block that are left to who has it: rows that are packed in one core's cache come slowly to another's, and go back as slowly when they are packed again.
    private const int LeftToOwner = 2;

    private BlockProgress[] _progress = [];
    private ProductCut _cut;
    private OwnParts _own;
    private int _threads, _end, _begun;

    /// <summary>How the product is cut.</summary>
    protected ref readonly ProductCut Cut => ref _cut;

    /// <summary>The first block of those at hand; where threads have blocks of their own, of all.</summary>
    protected int First { get; private set; }

    /// <summary>Most blocks that are at hand.</summary>
    protected int AtHand => Cut.IsShared ? Cut.Owners : Cut.Blocks;

    /// <summary>Before anything is packed.</summary>
    /// <param name="cut">How the product is cut.</param>
    /// <param name="threads">Threads that it is cut for.</param>
    protected void Begin(in ProductCut cut, int threads)
    {
        (_cut, _threads) = (cut, threads);
        if (_progress.Length < AtHand)
            _progress = new BlockProgress[AtHand];
        var parts = Cut.IsCopied ? Cut.ColumnParts : AtHand;
        _own = _own.Threads == threads ? _own.Over(parts) : new OwnParts(parts, threads);
    }

    /// <summary>Runs all blocks.</summary>
    /// <param name="pool">Lends threads.</param>
    protected void RunBlocks(WorkerPool pool)
    {
        for (First = 0; First < Cut.Blocks; First = _end)
        {
            _end = Math.Min(Cut.Blocks, First + AtHand);
            _begun = 0;
            _progress.AsSpan(0, AtHand).Clear();
            pool.Run(this, Cut.IsShared || Cut.IsCopied ? _threads : AtHand, _threads);
            for (var block = First; block < _end; block++)
                AddUp(block);
        }
    }

    /// <inheritdoc/>
    protected internal override void Run(int part, int worker)
    {
        if (Cut.IsCopied)
        {
            RunCopied(worker);
            return;
        }

        var blocks = _end - First;
        var home = First + (Cut.IsShared ? part * blocks / _threads : _own.Next(worker));
        if (!Cut.IsShared)
        {
            Progress(home).Slot = worker;
            Interlocked.Increment(ref _begun);
        }

        PackBlock(home, worker);
        MultiplyPanels(home, 0);
        for (var i = 1; i < blocks && (Cut.IsShared || Volatile.Read(ref _begun) == blocks); i++)
        {
            var block = First + (home - First + i) % blocks;
            if (Volatile.Read(ref Progress(block).Packed) == Packs(block))
                MultiplyPanels(block, Cut.IsShared ? 0 : LeftToOwner);
        }
    }

    /// <summary>Packs a piece of a block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="piece">Which of its pieces.</param>
    /// <param name="worker">Who does it.</param>
    protected abstract void Pack(int block, int piece, int worker);

    /// <summary>Multiplies a share of a block's panels.</summary>
    /// <param name="share">Which panels and rows.</param>
    /// <param name="block">The block, which is packed.</param>
    /// <param name="slot">Where it is packed.</param>
    protected abstract void Multiply(in PanelShare share, int block, int slot);

    /// <summary>What is left to do when all panels of a block are through.</summary>
    /// <param name="block">The block.</param>
    protected abstract void Finish(int block);

    /// <summary>What is left to do in order, when the blocks at hand are through.</summary>
    /// <param name="block">The block.</param>
    protected abstract void AddUp(int block);

    /// <summary>Where a block's rows begin among the packed ones: in the memory of the thread that has it, or where there are fewer blocks than threads, in its own. Not where every thread has them.</summary>
    /// <param name="block">The block, which somebody packs.</param>
    protected int Slot(int block) => Cut.IsShared ? block - First : Progress(block).Slot;

    /// <summary>Waits until an earlier block is packed. Blocks before the one that waits are begun, or the next of somebody who does not wait.</summary>
    /// <param name="block">The block, of one piece.</param>
    protected void WaitUntilPacked(int block) => WaitUntilPacked(ref Progress(block), 1);

    /// <summary>Packs the only block for oneself, unless all its panels are begun, and multiplies panels.</summary>
    private void RunCopied(int worker)
    {
        ref var progress = ref Progress(First);
        var packs = Packs(First);
        for (var piece = 0; piece < packs && Volatile.Read(ref progress.Multiplying) < Cut.ColumnParts; piece++)
            Pack(First, piece, worker);
        while (Volatile.Read(ref progress.Multiplying) < Cut.ColumnParts && Interlocked.Increment(ref progress.Multiplying) <= Cut.ColumnParts)
        {
            Multiply(Cut.Share(First, _own.Next(worker)), First, worker);
            if (Interlocked.Increment(ref progress.Multiplied) == Cut.ColumnParts)
                Finish(First);
        }
    }

    private static void WaitUntilPacked(ref BlockProgress progress, int packs)
    {
        var wait = new SpinWait();
        while (Volatile.Read(ref progress.Packed) < packs)
            wait.SpinOnce(sleep1Threshold: -1);
    }

    private ref BlockProgress Progress(int block) => ref _progress[block - First];

    /// <summary>Pieces that a block is packed in.</summary>
    private int Packs(int block) => (Cut.Rows(block) + Cut.PackRows - 1) / Cut.PackRows * Cut.PackParts;

    /// <summary>Packs what of a block nobody else packs, and waits for the rest.</summary>
    private void PackBlock(int block, int worker)
    {
        ref var progress = ref Progress(block);
        var packs = Packs(block);
        for (int piece; (piece = Interlocked.Increment(ref progress.Packing) - 1) < packs; Interlocked.Increment(ref progress.Packed))
            Pack(block, piece, worker);
        WaitUntilPacked(ref progress, packs);
    }

    /// <summary>Multiplies panels of a block while more than some are left that nobody has begun.</summary>
    private void MultiplyPanels(int block, int left)
    {
        ref var progress = ref Progress(block);
        while (Volatile.Read(ref progress.Multiplying) + left < Cut.ColumnParts && Interlocked.Increment(ref progress.Multiplying) - 1 is var share && share < Cut.ColumnParts)
        {
            Multiply(Cut.Share(block, share), block, Slot(block));
            if (Interlocked.Increment(ref progress.Multiplied) == Cut.ColumnParts)
                Finish(block);
        }
    }
}
