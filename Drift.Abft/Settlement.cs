using Drift.Kernels;

namespace Drift.Abft;

/// <summary>Puts corrections into effect and judges them by the fault plan. One a worker: it keeps its scratch memory from call to call.</summary>
public sealed class Settlement
{
    private int[] _flipped = [];
    private int[] _errors = [];

    /// <summary>Replaces the accumulators that the corrections name, and counts what became of the flips.</summary>
    /// <param name="faults">The plan that was applied; at most one flip an element counts rightly.</param>
    /// <param name="output">The product with the plan applied; takes the corrections.</param>
    /// <param name="finding">The elements that a recovery will mend.</param>
    /// <param name="corrections">The replacements.</param>
    /// <param name="large">Smallest magnitude of a large error, at least 1.</param>
    public Outcome Settle(FaultPlan faults, GemmOutput output, Finding finding, Corrections corrections, int large)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentNullException.ThrowIfNull(corrections);
        ArgumentOutOfRangeException.ThrowIfLessThan(large, 1);
        var accumulators = output.Accumulators;
        Keep(faults, output, corrections);

        long misplaced = 0;
        for (var i = 0; i < corrections.All.Length; i++)
        {
            var (row, column, value) = corrections.All[i];
            ref var accumulator = ref accumulators[row * output.Stride + column];
            var wasSound = accumulator == value - _errors[i];
            accumulator = value;
            misplaced += wasSound && IsLarge(_errors[i], large) && !finding.Masks(row, column) ? 1 : 0;
        }

        long exact = 0, condemned = 0, left = 0, missed = 0, wrong = 0, cancelled = 0;
        for (var i = 0; i < faults.Count; i++)
        {
            var flip = faults.All[i];
            var now = accumulators[flip.Row * output.Stride + flip.Column];
            if (finding.Masks(flip.Row, flip.Column))
                condemned++;
            else if (now == (_flipped[i] ^ flip.Mask))
                exact++;
            else if (!IsLarge(now - (_flipped[i] ^ flip.Mask), large))
                left++;
            else if (now == _flipped[i])
            {
                missed++;
                cancelled += IsHidden(output, flip, large) ? 1 : 0;
            }
            else
                wrong++;
        }

        return new Outcome(exact, condemned, left, missed, wrong, misplaced, corrections.TilesGivenUp, corrections.Recomputed)
        {
            Cancelled = cancelled,
            Tolerated = output.Expected.Tile == 0 ? 0 : missed - cancelled,
        };
    }

    /// <summary>Counts what became of flips where nothing was corrected, as <see cref="Settle"/> does without corrections, from a few words in the product's place.</summary>
    /// <param name="faults">The plan that was applied; at most one flip an element counts rightly.</param>
    /// <param name="finding">The elements that a recovery mends.</param>
    /// <param name="deviations">For each flip by how much its row segment deviates, then its column segment; not read where the product has no sums.</param>
    /// <param name="large">Smallest magnitude of a large error, at least 1.</param>
    public static Outcome OfUncorrected(FaultPlan faults, Finding finding, ReadOnlySpan<int> deviations, int large)
    {
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentOutOfRangeException.ThrowIfLessThan(large, 1);
        long condemned = 0, left = 0, missed = 0, cancelled = 0;
        for (var i = 0; i < faults.Count; i++)
        {
            var flip = faults.All[i];
            if (finding.Masks(flip.Row, flip.Column))
                condemned++;
            else if (!IsLarge(flip.Mask, large))
                left++;
            else
            {
                missed++;
                cancelled += finding.Tile != 0 && !(IsLarge(deviations[2 * i], large) && IsLarge(deviations[2 * i + 1], large)) ? 1 : 0;
            }
        }

        return new Outcome(0, condemned, left, missed, 0, 0, 0, 0) { Cancelled = cancelled, Tolerated = finding.Tile == 0 ? 0 : missed - cancelled };
    }

    /// <summary>Whether a line of a flip deviates by less than a large error, as it never does under a large flip alone.</summary>
    private static bool IsHidden(GemmOutput output, Flip flip, int large)
    {
        var (expected, observed) = (output.Expected, output.Observed);
        if (expected.Tile == 0)
            return false;
        var row = flip.Row * expected.TileColumns + flip.Column / expected.Tile;
        var column = flip.Row / expected.Tile * expected.N + flip.Column;
        return !IsLarge(observed.Rows[row] - expected.Rows[row], large) || !IsLarge(observed.Columns[column] - expected.Columns[column], large);
    }

    /// <summary>The flipped accumulators, and by how much each replacement is wrong.</summary>
    private void Keep(FaultPlan faults, GemmOutput output, Corrections corrections)
    {
        var accumulators = output.Accumulators;
        if (_flipped.Length < faults.Count)
            _flipped = new int[2 * faults.Count];
        if (_errors.Length < corrections.All.Length)
            _errors = new int[2 * corrections.All.Length];
        for (var i = 0; i < faults.Count; i++)
            _flipped[i] = accumulators[faults.All[i].Row * output.Stride + faults.All[i].Column];
        faults.Toggle(output);
        for (var i = 0; i < corrections.All.Length; i++)
            _errors[i] = corrections.All[i].Value - accumulators[corrections.All[i].Row * output.Stride + corrections.All[i].Column];
        faults.Toggle(output);
    }

    private static bool IsLarge(int error, int large) => Math.Abs((long)error) >= large;
}
