using Drift.Abft;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>A code: which sums are taken of a tile, and so what a decoder has to read.</summary>
/// <param name="Name">As in rows of <c>compare</c>.</param>
/// <param name="Tile">Edge of a tile.</param>
/// <param name="Moments">Whether position-weighted sums are taken too.</param>
/// <param name="OddRows">Whether row sums have odd weights.</param>
internal sealed record Code(string Name, int Tile, bool Moments = false, bool OddRows = false)
{
    /// <summary>The codes that there are.</summary>
    public static IReadOnlyList<Code> All { get; } =
    [
        new("plain", 32), new("16x16", 16), new("64x64", 64), new("weighted", 32, Moments: true), new("odd", OddRowDecoder.LargestTile, OddRows: true), new("odd-64", 64, OddRows: true),
    ];

    /// <summary>Digit lines of a code over those of the plain one.</summary>
    public double Sums => 32.0 / Tile * (Moments ? 2 : OddRows ? 1.25 : 1);

    /// <summary>What a product is prepared with.</summary>
    public ChecksumTiles Tiles => new(Tile, Moments: Moments, OddRows: OddRows);

    /// <summary>Opens what reads it.</summary>
    public ICorrector Open() => OddRows ? new OddRowDecoder() : new PlaneDecoder();

    /// <summary>Reads a list of names.</summary>
    /// <param name="option">The option, for the complaint.</param>
    /// <param name="list">Names separated by commas, or all.</param>
    /// <exception cref="UserErrorException">There is no such code.</exception>
    public static IReadOnlyList<Code> Parse(string option, string list) => list == "all" ? All
        : [.. list.Split(',', StringSplitOptions.TrimEntries).Select(name => All.FirstOrDefault(code => code.Name == name)
            ?? throw new UserErrorException($"{option}: there is no code '{name}'; expected some of {string.Join(", ", All.Select(code => code.Name))}"))];
}

/// <summary>A code at an operating point.</summary>
/// <param name="Code">The code.</param>
/// <param name="Volts">Supply voltage.</param>
/// <param name="Rate">Hits per element.</param>
/// <param name="Outcome">What became of the flips.</param>
internal sealed record DecodingResult(Code Code, double Volts, double Rate, Outcome Outcome);
