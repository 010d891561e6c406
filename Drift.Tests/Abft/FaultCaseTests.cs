using Drift.Abft;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Abft;

/// <summary>The worked cases: flags, masks, mended outputs and counts, bit for bit.</summary>
[TestFixtureSource(typeof(FaultCase), nameof(FaultCase.All))]
internal sealed class FaultCaseTests(FaultCase worked)
{
    private readonly GemmOutput _output = worked.Run();
    private readonly Finding _finding = new();

    [OneTimeSetUp]
    public void Judge() => new ThresholdRule(worked.Threshold).Judge(_output.Expected, _output.Observed, _finding);

    [OneTimeTearDown]
    public void Free() => _output.Dispose();

    [Test]
    public void SumsAreTheWorkedOnes()
    {
        Assert.That(_output.Expected.Rows.ToArray(), Is.EqualTo(worked.Array<int>("expected_rows").ToArray()));
        Assert.That(_output.Expected.Columns.ToArray(), Is.EqualTo(worked.Array<int>("expected_cols").ToArray()));
        Assert.That(_output.Observed.Rows.ToArray(), Is.EqualTo(worked.Array<int>("observed_rows").ToArray()));
        Assert.That(_output.Observed.Columns.ToArray(), Is.EqualTo(worked.Array<int>("observed_cols").ToArray()));
    }

    [Test]
    public void FlagsAndMaskAreTheWorkedOnes()
    {
        var (m, n, _) = worked.Shape;
        var rows = Enumerable.Range(0, m * _finding.TileColumns).Select(i => Bit(_finding.IsRowFlagged(i / _finding.TileColumns, i % _finding.TileColumns)));
        var columns = Enumerable.Range(0, _finding.TileRows * n).Select(i => Bit(_finding.IsColumnFlagged(i / n, i % n)));
        var mask = Enumerable.Range(0, m * n).Select(i => Bit(_finding.Masks(i / n, i % n)));
        Assert.That(rows.ToArray(), Is.EqualTo(worked.Array<byte>("flagged_rows").ToArray()));
        Assert.That(columns.ToArray(), Is.EqualTo(worked.Array<byte>("flagged_cols").ToArray()));
        Assert.That(mask.ToArray(), Is.EqualTo(worked.Array<byte>("mask").ToArray()));
    }

    [Test]
    public void CountsAreTheWorkedOnes()
    {
        Assert.That(_finding.FlaggedRows, Is.EqualTo(worked.Number("flagged_rows")));
        Assert.That(_finding.FlaggedColumns, Is.EqualTo(worked.Number("flagged_cols")));
        Assert.That(_finding.MaskedElements, Is.EqualTo(worked.Number("masked")));
        Assert.That(worked.Plan.Count, Is.EqualTo(worked.Number("faults")));
    }

    [Test]
    public void RollbackGivesTheWorkedCodes()
    {
        var (m, n, _) = worked.Shape;
        var codes = worked.Array<sbyte>("faulty_int8").ToArray();
        var scales = worked.Array<float>("y_scale");
        var values = new float[m * n];
        for (var i = 0; i < values.Length; i++)
            values[i] = codes[i] * Scale(scales, i / n);
        var store = new CheckpointStore();
        var layer = new LayerKey(0, GemmRole.Query);
        var earlier = worked.Array<sbyte>("checkpoint").ToArray();
        if (earlier.Length > 0)
            store.Save(layer, 0, new LayerOutput(m, n, new float[m * n], scales, earlier));
        store.TryGet(layer, 1, out var checkpoint);

        var output = new LayerOutput(m, n, values, scales, codes);
        var repair = new Rollback().Mend(_finding, checkpoint, output);

        var expected = worked.Array<sbyte>("rollback_int8");
        Assert.That(repair.Elements, Is.EqualTo(worked.Number("masked")));
        Assert.That(codes, Is.EqualTo(expected.ToArray()));
        for (var i = 0; i < values.Length; i++)
            Assert.That(values[i], Is.EqualTo(expected[i] * Scale(scales, i / n)));
        store.Save(layer, 1, new LayerOutput(m, n, values, scales));
        store.TryGet(layer, 2, out var saved);
        Assert.That(saved!.Codes.ToArray(), Is.EqualTo(codes), "codes rounded from the mended values");
    }

    [Test]
    public void ImpliedDeviationIsTheMeasuredOne()
    {
        LineSums implied = new(), measured = new();
        var before = _output.Accumulators.ToArray();
        ImpliedDeviation.Sum(worked.Plan, _output, worked.Tile, implied);
        ImpliedDeviation.Measure(_output.Expected, _output.Observed, measured);
        Assert.That(implied.Rows.ToArray(), Is.EqualTo(measured.Rows.ToArray()));
        Assert.That(implied.Columns.ToArray(), Is.EqualTo(measured.Columns.ToArray()));
        Assert.That(_output.Accumulators.ToArray(), Is.EqualTo(before), "accumulators are left as they were");
    }

    [Test]
    public void EveryMissedFaultIsExplainedAndNoAlarmIsFalse()
    {
        var count = new GroundTruth().Count(worked.Plan, _finding, worked.Threshold);
        var large = worked.Plan.All.ToArray().Where(f => 1L << f.Bit >= worked.Threshold).ToArray();
        Assert.That(count.LargeFaults, Is.EqualTo(large.Length));
        Assert.That(count.MissedLarge, Is.EqualTo(large.Count(f => !_finding.Masks(f.Row, f.Column))));
        Assert.That(count.Unexplained, Is.Zero);
        Assert.That(count.FalseAlarms, Is.Zero);
        if (worked.Name == "cancelling")
            Assert.That(count, Is.EqualTo(new EscapeCount(2, 2, 0, 0)));
    }

    private static byte Bit(bool flag) => flag ? (byte)1 : (byte)0;

    private static float Scale(ReadOnlySpan<float> scales, int row) => scales[scales.Length == 1 ? 0 : row];
}
