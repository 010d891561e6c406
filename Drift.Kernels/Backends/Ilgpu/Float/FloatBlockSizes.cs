namespace Drift.Kernels.Ilgpu;

/// <summary>How large a block is. A constant that the compiler folds: a size is a kernel of its own.</summary>
internal interface IBlockSize
{
    /// <summary>Edge of the block, 16 times a power of two up to 128.</summary>
    static abstract int Edge { get; }
}

/// <summary>The size for GPUs: 256 threads.</summary>
internal readonly struct Block128 : IBlockSize
{
    /// <inheritdoc/>
    public static int Edge => 128;
}

/// <summary>The size for GPUs where larger blocks would not fill them: 64 threads.</summary>
internal readonly struct Block64 : IBlockSize
{
    /// <inheritdoc/>
    public static int Edge => 64;
}

/// <summary>The size for the simulator, where a thread is a thread of the system: 4 threads.</summary>
internal readonly struct Block16 : IBlockSize
{
    /// <inheritdoc/>
    public static int Edge => 16;
}

/// <summary>How many columns a block has. A constant, as <see cref="IBlockSize"/>.</summary>
internal interface IBlockShare
{
    /// <summary>Columns of a thread: 8 or 4; the block has as many times an eighth of its edge.</summary>
    static abstract int Columns { get; }
}

/// <summary>As many columns as rows.</summary>
internal readonly struct WholeBlock : IBlockShare
{
    /// <inheritdoc/>
    public static int Columns => 8;
}

/// <summary>Half as many: for summed lines, and for products whose whole blocks would leave most multiprocessors idle.</summary>
internal readonly struct HalfBlock : IBlockShare
{
    /// <inheritdoc/>
    public static int Columns => 4;
}

/// <summary>Whether groups cut blocks along k and leave each other what they have of them. A compiler need not know how where nobody does.</summary>
internal interface IBlockCuts
{
    /// <summary>Whether any block is cut.</summary>
    static abstract bool Any { get; }
}

/// <summary>A device that begins groups in their order: what is behind the last full round is shared out.</summary>
internal readonly struct CutBlocks : IBlockCuts
{
    /// <inheritdoc/>
    public static bool Any => true;
}

/// <summary>A device that may begin groups in any order: every block is one group's.</summary>
internal readonly struct UncutBlocks : IBlockCuts
{
    /// <inheritdoc/>
    public static bool Any => false;
}
