using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>What one tile costs in one memory under one layout, without a run. Modelled.</summary>
/// <param name="Memory">The memory.</param>
/// <param name="Layout">The layout.</param>
/// <param name="Walk">The order in which values leave the array, where the layout does not repack.</param>
/// <param name="ElementBytes">Bytes of an element.</param>
/// <param name="Saved">Writing the tile.</param>
/// <param name="Restored">Reading it back.</param>
internal sealed record LayoutAccount(string Memory, string Layout, TileWalk Walk, int ElementBytes, DramTraffic Saved, DramTraffic Restored)
{
    /// <summary>Edge of a tile.</summary>
    public const int Tile = 32;

    /// <summary>The paper's elements: two bytes, sixteen of them in a burst.</summary>
    public const int PaperElementBytes = 2;

    // A block's outputs of DiT-XL/2: 1152 features a token.
    private const int Rows = 1024, Features = 1152;

    /// <summary>Rows opened both ways.</summary>
    public long Activations => Saved.Activations + Restored.Activations;

    /// <summary>Row-major against repacked, in the paper's memory as the array drains it, and in HBM2 and DDR5 with rows put together first and as the array drains them.</summary>
    public static IReadOnlyList<LayoutAccount> All() =>
    [
        .. Paper(),
        .. (from memory in TraceCommand.Memories from walk in Enum.GetValues<TileWalk>() from account in Of(memory, sizeof(sbyte), walk) select account),
    ];

    /// <summary>The paper's counts as they come out of its geometry: 3072 and 128.</summary>
    public static IReadOnlyList<LayoutAccount> Paper() => [.. Of("paper", PaperElementBytes, TileWalk.Columns)];

    private static IEnumerable<LayoutAccount> Of(string memory, int elementBytes, TileWalk walk)
    {
        var (geometry, traffic) = (DramGeometry.Load(DataFolder.At("dram", $"{memory}.csv")), new TileTraffic(Rows, Features, Tile, elementBytes));
        return TileLayouts.Names.Select(name => TileLayouts.Open(name, Tile)).Select(layout => new LayoutAccount(memory, layout.Name, walk, elementBytes,
            traffic.Move(geometry, layout, walk, write: true), traffic.Move(geometry, layout, walk, write: false)));
    }
}
