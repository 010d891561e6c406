using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>What a guarded product costs with everything that its protection does on the array. Checkpoint traffic is charged apart; a decoder's own logic is not modelled.</summary>
internal static class Bill
{
    /// <summary>Adds it up.</summary>
    public static Cost Of(ICostModel costs, GemmShape shape, OperatingPoint point, Protection? protection, Examination? examination, FaultPlan faults)
    {
        var plain = costs.Gemm(shape, 0, point);
        var tile = protection?.Tile ?? 0;
        var total = tile == 0 ? plain : costs.Gemm(shape, protection is { CoarseTile: > 0 and var coarse } ? coarse : tile, point);
        if (protection is { CoarseTile: > 0 and var edge })
            total += Examined(shape, edge, faults) * ChecksOf(costs.Gemm(shape, tile, point), plain);
        if (protection is { Moments: true })
            total += ChecksOf(total, plain);
        // A row's sum takes a third digit beside the two of it and the two of a column's.
        if (protection is { OddRows: true })
            total += 0.25 * ChecksOf(total, plain);
        if (examination is null)
            return total;
        var (corrector, corrections) = (examination.Corrector, examination.Corrections);
        // A row's norm is K squares and sums, and costs what a row sum over one column would; those of the weights are taken once at load.
        var rows = new GemmShape(shape.M, 1, shape.K);
        if (corrector.NeedsNorms)
            total += ChecksOf(costs.Gemm(rows, GemmWeights.LargestTile, point), costs.Gemm(rows, 0, point));
        for (var i = 0; i < corrector.FurtherProducts; i++)
            total += Again(plain, 1);
        if (corrector.ExecutionOverhead > 0)
            total += default(Cost) with { CheckEnergy = corrector.ExecutionOverhead * plain.ComputeEnergy };
        if (corrections.TilesRecomputed > 0)
            total += costs.Transition(point, OperatingPoint.Nominal) + Recomputed(costs, shape, corrections) + costs.Transition(OperatingPoint.Nominal, point);
        return corrections.Stalls > 0 ? total + costs.Stall(corrections.Stalls, point) : total;
    }

    /// <summary>The share of coarse tiles that are examined: those with a flip. That all lines of one cancel is too rare to count.</summary>
    private static double Examined(GemmShape shape, int edge, FaultPlan faults)
    {
        var (down, across) = ((shape.M + edge - 1) / edge, (shape.N + edge - 1) / edge);
        var hit = new bool[down * across];
        foreach (var flip in faults.All)
            hit[flip.Row / edge * across + flip.Column / edge] = true;
        return (double)hit.Count(tile => tile) / hit.Length;
    }

    /// <summary>Tiles at the nominal point: as many cycles as one tile each, and the multiply-accumulates of their elements.</summary>
    private static Cost Recomputed(ICostModel costs, GemmShape shape, Corrections corrections)
    {
        var edge = (int)Math.Ceiling(Math.Sqrt((double)corrections.Recomputed / corrections.TilesRecomputed));
        var each = costs.Gemm(new GemmShape(edge, edge, shape.K), 0, OperatingPoint.Nominal);
        var macs = corrections.Recomputed * shape.K;
        return Again(each, corrections.TilesRecomputed) with { Macs = macs, RepeatEnergy = (double)macs / each.Macs * each.ComputeEnergy };
    }

    /// <summary>A product so many times over, on the line of what is executed again.</summary>
    private static Cost Again(Cost product, long times) => product with
    {
        Macs = times * product.Macs,
        ComputeEnergy = default,
        RepeatEnergy = times * product.ComputeEnergy,
        SramEnergy = times * product.SramEnergy,
        LeakageEnergy = times * product.LeakageEnergy,
        Cycles = times * product.Cycles,
        Time = new Seconds(times * product.Time.Value),
    };

    /// <summary>The checks' share of a checked product.</summary>
    private static Cost ChecksOf(Cost both, Cost plain) => default(Cost) with
    {
        ChecksumMacs = both.ChecksumMacs,
        CheckEnergy = both.CheckEnergy,
        LogicEnergy = both.LogicEnergy,
        LeakageEnergy = new Joules(both.LeakageEnergy.Value - plain.LeakageEnergy.Value),
        Cycles = both.Cycles - plain.Cycles,
        Time = new Seconds(both.Time.Value - plain.Time.Value),
    };
}
