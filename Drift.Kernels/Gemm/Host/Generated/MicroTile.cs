namespace Drift.Kernels;

/// <summary>What a generated micro-kernel multiplies. K is cut into groups of 4 bytes a line; one dot instruction takes a group a lane.</summary>
internal enum DotType
{
    /// <summary>u8 x s8 -> s32, four products a group: <c>vpdpbusd</c>.</summary>
    Int8,

    /// <summary>fp32, one product a group: <c>vfmadd231ps</c>.</summary>
    Float,

    /// <summary>bf16 x bf16 -> fp32, two products a group: <c>vdpbf16ps</c>.</summary>
    Bfloat16,
}

/// <summary>A micro-kernel: what <see cref="MicroAssembler"/> makes a function of.</summary>
/// <param name="Type">What it multiplies.</param>
/// <param name="Rows">Rows of accumulators, 1..<see cref="MostRows"/>.</param>
/// <param name="Vectors">Columns of accumulators in vectors of <see cref="Lanes"/>, 1 or 2.</param>
/// <param name="Sums">Whether the accumulators are added to line sums before they are stored.</param>
internal readonly record struct MicroTile(DotType Type, int Rows, int Vectors, bool Sums)
{
    /// <summary>Most rows: with two vectors, 28 accumulators, two vectors of a panel and two of broadcasts fill the 32 registers.</summary>
    public const int MostRows = 14;

    /// <summary>Columns of a vector.</summary>
    public const int Lanes = 16;

    /// <summary>Most vectors of columns.</summary>
    public const int MostVectors = 2;

    /// <summary>Columns of a full panel.</summary>
    public const int Columns = MostVectors * Lanes;

    /// <summary>Bytes of a group in one line, and of an accumulator.</summary>
    public const int GroupBytes = 4;

    /// <summary>Every tile of a type.</summary>
    public static IEnumerable<MicroTile> Of(DotType type) =>
        from sums in (bool[])[false, true] from rows in Enumerable.Range(1, MostRows) from vectors in Enumerable.Range(1, MostVectors) select new MicroTile(type, rows, vectors, sums);

    /// <summary>Place among the tiles of its type.</summary>
    public int Index => ((Sums ? MostRows : 0) + Rows - 1) * MostVectors + Vectors - 1;
}
