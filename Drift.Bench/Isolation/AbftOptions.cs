using Drift.Kernels;

namespace Drift.Bench;

/// <summary>What <c>drift abft</c> tries.</summary>
/// <param name="Shape">M, N and K of each product.</param>
/// <param name="Type">One of <see cref="AbftNames.Types"/>.</param>
/// <param name="Tile">Edge of a checksum tile.</param>
/// <param name="Detector">One of the type's detectors.</param>
/// <param name="Threshold">Smallest deviation that the detector <c>threshold</c> flags.</param>
/// <param name="Corrector">One of the type's correctors.</param>
/// <param name="Backend">What computes INT8 products.</param>
/// <param name="Rate">Hits per element where no flips are given.</param>
/// <param name="Flips">The flips of every trial; empty to draw them.</param>
/// <param name="Trials">Products.</param>
/// <param name="Seed">Seed of operands and flips.</param>
/// <param name="Threads">Host threads; the counts do not depend on them.</param>
internal sealed record AbftOptions(GemmShape Shape, string Type, int Tile, string Detector, int Threshold, string Corrector, string Backend, double Rate, IReadOnlyList<Flip> Flips,
    long Trials, ulong Seed, int Threads)
{
    /// <summary>The settings as files record them.</summary>
    public IReadOnlyDictionary<string, object?> ToSettings() => new Dictionary<string, object?>
    {
        ["shape"] = $"{Shape.M}x{Shape.N}x{Shape.K}",
        ["type"] = Type,
        ["tile"] = Tile,
        ["detector"] = Detector,
        ["threshold"] = Detector == AbftNames.ByThreshold ? Threshold : null,
        ["corrector"] = Corrector,
        ["backend"] = Backend,
        ["rate"] = Flips.Count == 0 ? Rate : null,
        ["flips"] = Flips.Select(flip => $"{flip.Row},{flip.Column},{flip.Bit}").ToList(),
        ["trials"] = Trials,
        ["seed"] = Seed,
        ["threads"] = Threads,
    };
}
