using Drift.Abft;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Puts the same clean products under every voltage's flips and every code, and counts what the decoder makes of them. Serves one thread.</summary>
/// <param name="profiles">Rates to try.</param>
/// <param name="codes">Codes to try.</param>
/// <param name="draws">Plans of each rate that every product is put under.</param>
internal sealed class DecodingWorker(IReadOnlyList<BitErrorProfile> profiles, IReadOnlyList<Code> codes, int draws)
{
    private readonly FaultPlanner _planner = new();
    private readonly ICorrector[] _decoders = [.. codes.Select(code => code.Open())];
    private readonly Settlement _settlement = new();
    private readonly Corrections _corrections = new();
    private readonly NominalProduct _nominal = new();
    private readonly Finding _finding = new();
    private readonly LineSums _deviations = new(), _moments = new();
    private int[] _clean = [];

    /// <summary>Outcomes [profile, code].</summary>
    public Outcome[,] Outcomes { get; } = new Outcome[profiles.Count, codes.Count];

    /// <summary>Tries one product, whose flips are none. The sums are implied by the plan, which gives the measured ones' bits (docs/checksum.md).</summary>
    public void Try(ulong seed, GuardedProduct product)
    {
        var output = product.Output;
        var (m, n, _) = output.Shape;
        var accumulators = output.Accumulators;
        if (_clean.Length < accumulators.Length)
            _clean = new int[accumulators.Length];
        accumulators.CopyTo(_clean);
        for (var trial = 0; trial < profiles.Count * draws; trial++)
        {
            var (draw, p) = Math.DivRem(trial, profiles.Count);
            // The first plan is the picture's own; the seeds of the others are no picture's.
            var plan = _planner.Draw(seed + ((ulong)draw << 32), product.Site, m, n, profiles[p]);
            for (var c = 0; c < codes.Count; c++)
            {
                plan.Toggle(output);
                ImpliedDeviation.Sum(plan, output, codes[c].Tile, _deviations, codes[c].Moments ? _moments : null, codes[c].OddRows);
                var told = product.Suspect!.Product;
                _corrections.Clear();
                _decoders[c].Correct(new SuspectProduct(output, _deviations, codes[c].Moments ? _moments : null, told.RowNorms, told.ColumnNorms, _nominal),
                    _finding, _corrections);
                Outcomes[p, c] += _settlement.Settle(plan, output, _finding, _corrections, Strategy.LargeFault);
                _clean.AsSpan(0, accumulators.Length).CopyTo(accumulators);
            }
        }
    }
}
