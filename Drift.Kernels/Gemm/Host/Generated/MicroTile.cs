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
/// <param name="Vectors">Columns of accumulators in vectors of <see cref="Lanes"/>, 1 or 2; where K runs along the vectors, columns: pairs of them, unless they are apart.</param>
/// <param name="Sums">Whether the accumulators are added to line sums.</param>
/// <param name="Checked">Whether the last rows are a checksum tile's <see cref="CheckRowsOf"/>: stored apart, and in no sum.</param>
/// <param name="Above">With sums: rows that end a checksum tile, where the others begin the next one; 0 where all are of one.</param>
/// <param name="Along">Whether K runs along the vectors and the columns are digits, which are put together in the end unless they are apart; INT8, without sums.</param>
/// <param name="Flips">Along K: whether the bytes of A have their sign bits flipped first, in their place.</param>
/// <param name="Apart">Along K: whether each column, of up to <see cref="Lanes"/>, has a sum of its own instead, and is put together with none; not with <paramref name="Flips"/>.</param>
/// <param name="Paired">Whether a vector has two rows of A beside up to 8 columns (<see cref="PairAssembler"/>); fp32, without sums.</param>
internal readonly record struct MicroTile(DotType Type, int Rows, int Vectors, bool Sums, bool Checked, int Above = 0, bool Along = false, bool Flips = false, bool Apart = false, bool Paired = false)
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

    /// <summary>Most columns of digits along which K runs.</summary>
    public const int MostAlong = 24;

    /// <summary>Most rows where two share a vector.</summary>
    public const int MostPairedRows = 2 * MostRows;

    /// <summary>Most columns where two rows share a vector.</summary>
    public const int PairedColumns = Lanes / 2;

    private const int Across = 4 * MostRows * MostVectors * MostRows;

    /// <summary>Places among the tiles of a type.</summary>
    public const int Places = Across + (2 * MostAlong + Lanes) * MostRows;

    /// <summary>Rows beside so many columns of digits along which K runs: 32 registers hold the accumulators, a vector of each row and two of columns. Three registers tell where rows are, each of four.</summary>
    public static int RowsAlong(int columns) => Math.Min(AlongAssembler.MostRows, Math.Max(1, 30 / (columns + 1)));

    /// <summary>Most columns of digits along which K runs beside rows that are flipped, <see cref="ActivationRows.Together"/> at a time: one register more has the sign bits.</summary>
    public const int MostFlipping = (30 - 1) / ActivationRows.Together - 1;

    /// <summary>Check rows of a checksum tile: two digits of each sum of bytes, one sum of fp32 values; bf16 products are not checked.</summary>
    public static int CheckRowsOf(DotType type) => type switch { DotType.Int8 => 2, DotType.Float => 1, _ => 0 };

    /// <summary>Every tile of a type but those along K and those of pairs.</summary>
    public static IEnumerable<MicroTile> Of(DotType type) =>
        from check in CheckRowsOf(type) == 0 ? (bool[])[false] : [false, true]
        from sums in (bool[])[false, true]
        from rows in Enumerable.Range(1, MostRows)
        from vectors in Enumerable.Range(1, MostVectors)
        where !check || rows > CheckRowsOf(type)
        from above in Enumerable.Range(0, sums ? rows - (check ? CheckRowsOf(type) : 0) : 1)
        select new MicroTile(type, rows, vectors, sums, check, above);

    /// <summary>Check rows among the rows.</summary>
    public int CheckRows => Checked ? CheckRowsOf(Type) : 0;

    /// <summary>Place among the tiles of its type, below <see cref="Places"/>; beyond them for flipped rows beside sums apart, which there are not: a place shared with another tile would run that one.</summary>
    public int Index => Paired ? Across + Rows - 1 : Along ? Across + ((Apart ? 2 * MostAlong : 0) + (Flips ? MostAlong : 0) + Vectors - 1) * MostRows + Rows - 1 : ((((Checked ? 2 : 0) + (Sums ? 1 : 0)) * MostRows + Rows - 1) * MostVectors + Vectors - 1) * MostRows + Above;
}
