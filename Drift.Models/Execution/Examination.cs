using Drift.Abft;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>One worker's corrector with what it needs to know of a product, and what it found. Reused from product to product.</summary>
/// <param name="corrector">Examines.</param>
public sealed class Examination(ICorrector corrector)
{
    private readonly LineSums _deviations = new();
    private readonly LineSums _moments = new();
    private readonly NominalProduct _nominal = new();
    private float[] _rowNorms = [];
    private float[] _columnNorms = [];
    private GemmOutput? _output;

    /// <summary>The corrector at work.</summary>
    public ICorrector Corrector => corrector;

    /// <summary>What the last product's accumulators are replaced by.</summary>
    public Corrections Corrections { get; } = new();

    /// <summary>What the corrector was told of the last product, as long as no other is examined.</summary>
    /// <exception cref="InvalidOperationException">Nothing was examined yet.</exception>
    public SuspectProduct Product =>
        new(_output ?? throw new InvalidOperationException("nothing was examined yet"), _deviations, _output.ExpectedMoments.Tile == 0 ? null : _moments, _rowNorms, _columnNorms, _nominal);

    /// <summary>Takes the activations of the products to come.</summary>
    /// <param name="codes">INT8 rows.</param>
    /// <param name="rows">How many.</param>
    /// <param name="k">Values of a row.</param>
    /// <param name="stride">Values from one row to the next.</param>
    public void Begin(ReadOnlySpan<sbyte> codes, int rows, int k, int stride)
    {
        if (!corrector.NeedsNorms)
            return;
        if (_rowNorms.Length < rows)
            _rowNorms = new float[rows];
        RowNorms.Measure(codes, k, stride, _rowNorms.AsSpan(0, rows));
    }

    /// <summary>Lines of the last product that deviated by a threshold or more before anything was corrected.</summary>
    /// <param name="threshold">Smallest deviation that counts, at least 1.</param>
    public int FlaggedLines(int threshold)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 1);
        return (_deviations.OddRows ? OfOddRows(threshold) : ThresholdRule.Count(_deviations.Rows, threshold)) + ThresholdRule.Count(_deviations.Columns, threshold);
    }

    /// <summary>Examines a product of the activations last taken.</summary>
    /// <param name="output">The product, flips applied.</param>
    /// <param name="columnNorms">N norms of the weights' rows.</param>
    /// <param name="finding">Takes what needs a recovery.</param>
    /// <param name="executions">Its flips, and those of <see cref="ICorrector.FurtherProducts"/> further executions; correctors only see what executing again gives.</param>
    public void Examine(GemmOutput output, float[] columnNorms, Finding finding, params FaultPlan[] executions)
    {
        ArgumentNullException.ThrowIfNull(output);
        (_output, _columnNorms) = (output, corrector.NeedsNorms ? columnNorms : []);
        ImpliedDeviation.Measure(output.Expected, output.Observed, _deviations);
        if (output.ExpectedMoments.Tile != 0)
            ImpliedDeviation.Measure(output.ExpectedMoments, output.ObservedMoments, _moments);
        _nominal.Take(output, executions);
        Corrections.Clear();
        corrector.Correct(Product, finding, Corrections);
    }

    /// <summary>A row with odd weights deviates by its flip times the place's weight: the flip is the lowest bit.</summary>
    private int OfOddRows(int threshold)
    {
        var count = 0;
        foreach (var deviation in _deviations.Rows)
            count += (uint)(deviation & -deviation) >= (uint)threshold ? 1 : 0;
        return count;
    }
}
