using Drift.Abft;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Abft;

internal sealed class GroundTruthTests
{
    private readonly Finding _finding = new();

    [TestCase(96, 65, 32, 3e-3)]
    [TestCase(70, 66, 64, 3e-2)]
    [TestCase(45, 38, 16, 0.2)]
    public void DrawnPlansLeaveNothingUnexplainedAndImpliedIsMeasured(int m, int n, int tile, double rate)
    {
        using var backend = new ReferenceBackend();
        var random = new Random(3);
        var (x, w) = (Operand(random, m * 16), Operand(random, n * 16));
        using var weights = backend.Prepare(w, n, 16, tile);
        using var output = new GemmOutput();
        var planner = new FaultPlanner();
        var truth = new GroundTruth();
        LineSums implied = new(), measured = new();
        var total = default(EscapeCount);
        for (var step = 0; step < 20; step++)
        {
            var plan = planner.Draw(9, new GemmSite(step, 0, GemmRole.Query), m, n, BitErrorProfile.Uniform(rate));
            backend.Multiply(new GemmCall(x, m, 16, weights), plan, output);
            new ThresholdRule().Judge(output.Expected, output.Observed, _finding);
            total += truth.Count(plan, _finding, ThresholdRule.PaperThreshold);
            ImpliedDeviation.Sum(plan, output, tile, implied);
            ImpliedDeviation.Measure(output.Expected, output.Observed, measured);
            Assert.That(implied.Rows.SequenceEqual(measured.Rows) && implied.Columns.SequenceEqual(measured.Columns), Is.True);
        }

        Assert.That(total.LargeFaults, Is.Positive);
        Assert.That((total.Unexplained, total.FalseAlarms), Is.EqualTo((0, 0)));
    }

    [Test]
    public void All_lines_of_a_tile_are_flagged_as_one_by_one([Values(0, 1)] int tileRow, [Values(0, 1)] int tileColumn)
    {
        var one = new Finding();
        foreach (var finding in new[] { _finding, one })
        {
            finding.Reset(200, 150, 130);
            finding.FlagRow(tileRow * 130 + 67, tileColumn);
            finding.FlagColumn(tileRow, tileColumn * 130 + 4);
        }

        _finding.FlagAllRows(tileRow, tileColumn);
        _finding.FlagAllColumns(tileRow, tileColumn);
        for (var row = tileRow * 130; row < Math.Min(200, (tileRow + 1) * 130); row++)
            one.FlagRow(row, tileColumn);
        for (var column = tileColumn * 130; column < Math.Min(150, (tileColumn + 1) * 130); column++)
            one.FlagColumn(tileRow, column);
        Assert.That((_finding.FlaggedRows, _finding.FlaggedColumns, _finding.MaskedElements), Is.EqualTo((one.FlaggedRows, one.FlaggedColumns, one.MaskedElements)));
        Assert.That(Enumerable.Range(0, 200 * 150).All(i => _finding.Masks(i / 150, i % 150) == one.Masks(i / 150, i % 150)));
    }

    [Test]
    public void ALoneFaultThatIsNotFlaggedIsUnexplained()
    {
        _finding.Reset(4, 4, 32);
        _finding.FlagRow(1, 0);
        var plan = FaultPlan.Of(4, 4, [new Flip(1, 2, 10), new Flip(1, 3, 9)]);
        Assert.That(new GroundTruth().Count(plan, _finding, 1024), Is.EqualTo(new EscapeCount(1, 1, 1, 0)));
    }

    [Test]
    public void FlaggedLinesThatNoFlipTouchesAreFalseAlarms()
    {
        _finding.Reset(4, 4, 32);
        _finding.FlagRow(1, 0);
        _finding.FlagColumn(0, 2);
        _finding.FlagColumn(0, 3);
        var truth = new GroundTruth();
        Assert.That(truth.Count(FaultPlan.None, _finding, 1024).FalseAlarms, Is.EqualTo(3));
        for (var again = 0; again < 2; again++)
            Assert.That(truth.Count(FaultPlan.Of(4, 4, [new Flip(1, 2, 30)]), _finding, 1024), Is.EqualTo(new EscapeCount(1, 0, 0, 1)), "counters are zeroed after use");
    }

    [Test]
    public void TwoFlipsOfOneBitCancel()
    {
        using var backend = new ReferenceBackend();
        using var weights = backend.Prepare([1], 1, 1, 32);
        using var output = new GemmOutput();
        var plan = FaultPlan.Of(1, 1, [new Flip(0, 0, 20), new Flip(0, 0, 20)]);
        backend.Multiply(new GemmCall([1], 1, 1, weights), plan, output);
        var implied = new LineSums();
        ImpliedDeviation.Sum(plan, output, 32, implied);
        Assert.That(implied.Rows[0], Is.Zero);
        new ThresholdRule().Judge(output.Expected, output.Observed, _finding);
        Assert.That(new GroundTruth().Count(plan, _finding, 1024), Is.EqualTo(new EscapeCount(2, 2, 0, 0)));
    }

    [Test]
    public void AProductWithoutChecksHasNoVerdict()
    {
        _finding.Reset(4, 4, 0);
        Assert.Throws<ArgumentException>(() => new GroundTruth().Count(FaultPlan.None, _finding, 1024));
    }

    [Test]
    public void APlanOfAnotherShapeIsRefused()
    {
        using var output = new GemmOutput();
        output.Resize(new GemmShape(4, 4, 1), 4, 4, 32);
        _finding.Reset(4, 4, 32);
        var plan = FaultPlan.Of(40, 4, [new Flip(39, 0, 3)]);
        Assert.Throws<ArgumentException>(() => new GroundTruth().Count(plan, _finding, 1024));
        Assert.Throws<ArgumentException>(() => ImpliedDeviation.Sum(plan, output, 32, new LineSums()));
    }

    private static sbyte[] Operand(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (sbyte)random.Next(-127, 128))];
}
