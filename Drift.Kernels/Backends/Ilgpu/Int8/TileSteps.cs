namespace Drift.Kernels.Ilgpu;

/// <summary>What a launch knows of its checksum tiles, reckoned on the host: a division by what no compiler knows takes a GPU's thread some 150 cycles.</summary>
/// <param name="Reciprocal">2^30 over the runs of 32 lines that a tile has, rounded up; 0 without tiles.</param>
/// <param name="Across">Tiles from left to right.</param>
/// <param name="Down">Tiles from top to bottom.</param>
/// <param name="Tall">1 where expected column sums come in blocks of <see cref="TallLines"/>, if they have blocks of their own alone; else 0.</param>
internal readonly record struct TileSteps(int Reciprocal, int Across, int Down, int Tall = 0)
{
    private const int Run = 32, Bits = 30;

    /// <summary>Those of a product.</summary>
    public static TileSteps Of(GemmExtents e) => e.Tile == 0
        ? default
        : new(((1 << Bits) + e.Tile / Run - 1) / (e.Tile / Run), IlgpuWeights.TilesIn(e.Columns, e.Tile), IlgpuWeights.TilesIn(e.Rows, e.Tile));

    /// <summary>The tile of a line, of tiles that are multiples of 32 up to 256: exact, since 2^26 runs times less than a unit of the reciprocal's last place stay below 2^30.</summary>
    /// <param name="steps">Of the product.</param>
    /// <param name="line">A row or column, at least 0.</param>
    public static int TileOf(TileSteps steps, int line) => (int)((long)(line / Run) * steps.Reciprocal >> Bits);
}
