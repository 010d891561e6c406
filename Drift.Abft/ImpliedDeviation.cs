using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// What a plan does to the line sums, without looking at them: the sum of its flips' deltas on each line, modulo 2^32. Equal to observed minus expected,
/// bit for bit; the tests hold the two together.
/// </summary>
public static class ImpliedDeviation
{
    /// <summary>Sums the deltas of a plan.</summary>
    /// <param name="faults">The plan that was applied.</param>
    /// <param name="output">
    /// Accumulators with the plan applied. A flip's sign is read off the bit that it left, so the flips are taken back from last to first and
    /// then applied again: that is right for several flips of one element too. The accumulators are as before when this returns.
    /// </param>
    /// <param name="tile">Edge of a checksum tile, at least 1.</param>
    /// <param name="deviations">Takes the sums; reused.</param>
    /// <param name="moments">Takes the sums of deltas times their weights (<see cref="LineMoments"/>); reused, or null.</param>
    /// <param name="oddRows">Whether row sums have odd weights.</param>
    /// <exception cref="ArgumentException">The plan does not fit the product.</exception>
    public static void Sum(FaultPlan faults, GemmOutput output, int tile, LineSums deviations, LineSums? moments = null, bool oddRows = false)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(deviations);
        ArgumentOutOfRangeException.ThrowIfLessThan(tile, 1);
        var (m, n, _) = output.Shape;
        faults.RequireShape(m, n);
        deviations.Resize(m, n, tile, oddRows);
        Span<int> rows = deviations.Rows, columns = deviations.Columns, accumulators = output.Accumulators;
        rows.Clear();
        columns.Clear();
        moments?.Resize(m, n, tile);
        moments?.Rows.Clear();
        moments?.Columns.Clear();
        for (var i = faults.Count - 1; i >= 0; i--)
        {
            var flip = faults.All[i];
            ref var accumulator = ref accumulators[flip.Row * output.Stride + flip.Column];
            var delta = flip.Delta(accumulator);
            accumulator ^= flip.Mask;
            rows[flip.Row * deviations.TileColumns + flip.Column / tile] += oddRows ? delta * OddWeights.Of(flip.Column % tile) : delta;
            columns[flip.Row / tile * n + flip.Column] += delta;
            if (moments is null)
                continue;
            moments.Rows[flip.Row * deviations.TileColumns + flip.Column / tile] += delta * (flip.Column % tile - LineMoments.Centre(tile));
            moments.Columns[flip.Row / tile * n + flip.Column] += delta * (flip.Row % tile - LineMoments.Centre(tile));
        }

        faults.Toggle(output);
    }

    /// <summary>What was measured: observed minus expected on each line, modulo 2^32.</summary>
    /// <param name="expected">Line sums from the operands.</param>
    /// <param name="observed">Line sums of the accumulators.</param>
    /// <param name="deviations">Takes the differences; reused.</param>
    /// <exception cref="ArgumentException">The two sums differ in shape or tile.</exception>
    public static void Measure(LineSums expected, LineSums observed, LineSums deviations)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(deviations);
        if ((expected.M, expected.N, expected.Tile, expected.OddRows) != (observed.M, observed.N, observed.Tile, observed.OddRows))
            throw new ArgumentException("expected and observed sums are of different products", nameof(observed));
        deviations.Resize(expected.M, expected.N, expected.Tile, expected.OddRows);
        Subtract(observed.Rows, expected.Rows, deviations.Rows);
        Subtract(observed.Columns, expected.Columns, deviations.Columns);
    }

    private static void Subtract(ReadOnlySpan<int> observed, ReadOnlySpan<int> expected, Span<int> deviations)
    {
        var i = 0;
        for (; i <= deviations.Length - Vector512<int>.Count; i += Vector512<int>.Count)
            (Vector512.Create(observed[i..]) - Vector512.Create(expected[i..])).CopyTo(deviations[i..]);
        for (; i < deviations.Length; i++)
            deviations[i] = observed[i] - expected[i];
    }
}
