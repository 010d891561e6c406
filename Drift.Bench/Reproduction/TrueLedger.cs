using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>How a true model is run.</summary>
/// <param name="Point">The point of the guarded layers.</param>
/// <param name="Rate">Hits per element there.</param>
/// <param name="Scheme">What protects them.</param>
/// <param name="Scheduled">Whether the paper's safe steps are kept at the nominal point.</param>
internal sealed record TrueRun(OperatingPoint Point, double Rate, TrueScheme Scheme, bool Scheduled = false)
{
    /// <summary>Edge of the tiles of rollback's checks.</summary>
    public int Tile { get; init; } = 32;

    /// <summary>Steps between checkpoints; null for the model's.</summary>
    public int? Interval { get; init; }

    /// <summary>Share of the hits that come from a checkpoint; a decoder takes the rest back.</summary>
    public double Restored { get; init; } = 1;
}

/// <summary>A protection as far as its bill goes.</summary>
internal enum TrueScheme
{
    /// <summary>None.</summary>
    Unprotected,

    /// <summary>Two executions; tiles that differ are computed again at the nominal point.</summary>
    Dmr,

    /// <summary>Checks; tiles with a fault are computed again at the nominal point.</summary>
    StatAbft,

    /// <summary>Checks, checkpoints, and restores of masked row segments.</summary>
    Rollback,
}

/// <summary>
/// The bill of one picture of a true model, by the same cost model that charges runs here. Modelled: what faults cause enters by its expectation instead of by flips. Both guidance halves
/// share the weights, which are read once a step; attention, embedders and convolutions stay at the nominal point.
/// </summary>
internal sealed class TrueLedger(ICostModel costs)
{
    private const int Tile = 32, Segment = 32, Guidance = 2, LargeBits = 21, Bits = 31;

    /// <summary>The whole run.</summary>
    /// <param name="model">The model.</param>
    /// <param name="run">How it is run.</param>
    public Cost Of(TrueModel model, TrueRun run)
    {
        var (schedule, calm) = (model.Schedule, run with { Point = OperatingPoint.Nominal, Rate = 0 });
        return Of(model, step => run.Scheduled && (step < schedule.SafeSteps || step >= model.Steps - schedule.SafeLastSteps) ? calm : run);
    }

    /// <summary>The whole run, each step in a way of its own.</summary>
    /// <param name="model">The model.</param>
    /// <param name="at">How a step is run.</param>
    public Cost Of(TrueModel model, Func<int, TrueRun> at)
    {
        var total = default(Cost);
        for (var step = 0; step < model.Steps; step++)
        {
            var run = at(step);
            total += Step(model, run, run.Scheme == TrueScheme.Rollback && new CheckpointInterval(run.Interval ?? model.Schedule.Interval).IsDue(step));
        }

        return total;
    }

    private Cost Step(TrueModel model, TrueRun run, bool saves)
    {
        var total = costs.Transfer(new Bytes(model.WeightBytes), Traffic.Weights);
        foreach (var product in model.Products)
        {
            var (m, n, k) = product.Shape;
            // A layer takes both halves as one product; attention has products of its own for each.
            var (shape, times) = product.HasWeights ? (new GemmShape(Guidance * m, n, k), product.Times) : (product.Shape, Guidance * product.Times);
            var one = product.Guarded ? Guarded(shape, run, saves) : costs.Gemm(shape, 0, OperatingPoint.Nominal);
            total += times * one;
        }

        return total;
    }

    private Cost Guarded(GemmShape shape, TrueRun run, bool saves)
    {
        var (m, n, _) = shape;
        var plain = costs.Gemm(shape, 0, run.Point);
        var again = ClosedForms.TileProbability(run.Rate, Tile) * costs.Gemm(shape, 0, OperatingPoint.Nominal);
        switch (run.Scheme)
        {
            case TrueScheme.Dmr:
                return plain + plain + again;
            case TrueScheme.StatAbft:
                return costs.Gemm(shape, Tile, run.Point) + again;
            case TrueScheme.Rollback:
                // A row segment is fetched when one of its elements is hit in a bit from 2^10 up.
                var restored = (double)m * n * (1 - Math.Pow(1 - run.Rate * run.Restored * LargeBits / Bits, Segment));
                return costs.Gemm(shape, run.Tile, run.Point) + costs.Transfer(new Bytes((long)restored), Traffic.Restores) + costs.Transfer(new Bytes(saves ? (long)m * n : 0), Traffic.Checkpoints);
            default:
                return plain;
        }
    }
}
