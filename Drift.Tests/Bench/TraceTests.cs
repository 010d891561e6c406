using System.Globalization;
using System.Text;
using System.Text.Json;
using Drift.Bench;
using Drift.Dvfs;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>A trace says what the ledger says, to the last bit, in every form.</summary>
[TestFixture]
public sealed class TraceTests
{
    private const int Steps = 3;
    // With every line of the ledger: the paper's two constants would leave most of them at 0.
    private static readonly AcceleratorCost Everything = new(new SystolicArray(), EnergyModel.Load(DataFolder.Path("energy", "full.csv")));
    private readonly RunTrace _trace = new();
    private RunLedger _ledger = null!;

    [OneTimeSetUp]
    public void Draw()
    {
        using var bench = new Workbench();
        var strategy = Workbench.Drift with { Protection = Protection.Rollback(interval: 1) };
        _ledger = Drawn(bench, strategy, _trace).Ledger;
    }

    [Test]
    public void ItsSumsAreTheLedgers()
    {
        Assert.Multiple(() =>
        {
            Assert.That(_trace.Cost, Is.EqualTo(_ledger.Cost), "joules, bytes, cycles, seconds: no tolerance");
            Assert.That(new[] { _ledger.Cost.TransitionEnergy.Value, _ledger.Cost.SramEnergy.Value, _ledger.Cost.LeakageEnergy.Value, _ledger.Cost.LogicEnergy.Value }, Has.All.Positive, "every line has something to sum");
            Assert.That(_trace.Rows.Sum(row => (long)(row.Events?.Faults ?? 0)), Is.EqualTo(_ledger.FaultsInjected).And.Positive);
            Assert.That(_trace.Rows.Sum(row => (long)(row.Events?.Flagged ?? 0)), Is.EqualTo(_ledger.LinesFlagged).And.Positive);
            Assert.That(_trace.Rows.Sum(row => (long)row.Mended), Is.EqualTo(_ledger.ElementsMended).And.Positive);
            Assert.That(_trace.Rows.Select(row => row.Kind).Distinct(), Is.SupersetOf(new[] { ChargeKind.Product, ChargeKind.Restore, ChargeKind.Save, ChargeKind.Untouched, ChargeKind.Attention, ChargeKind.Transition }));
            Assert.That(_trace.Rows.Select(row => row.Site.Step).Distinct(), Is.EqualTo(Enumerable.Range(0, Steps)));
        });
    }

    [Test]
    public void ARunThatCorrectsAccumulatorsIsTracedToo()
    {
        using var bench = new Workbench();
        var trace = new RunTrace();
        var ledger = Drawn(bench, Workbench.Guarded with { Protection = Protection.Decoding() }, trace).Ledger;
        Assert.That(trace.Cost, Is.EqualTo(ledger.Cost));
        Assert.That(trace.Rows.Sum(row => (long)(row.Events?.Flagged ?? 0)), Is.EqualTo(ledger.LinesFlagged));
    }

    [Test]
    public void CsvSumsToTheLedger()
    {
        var lines = Encoding.UTF8.GetString(TraceFiles.ToCsv(_trace)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(',')).ToList();
        double Sum(string column)
        {
            var (sum, at) = (0.0, Array.IndexOf(lines[0], column));
            foreach (var line in lines.Skip(1))
                sum += double.Parse(line[at], CultureInfo.InvariantCulture);
            return sum;
        }

        Assert.That(lines, Has.Count.EqualTo(_trace.Rows.Count + 1));
        Expect(Sum);
        Assert.That(lines.Skip(1).Where(line => line[4] == "save").Select(line => line[5]), Is.All.Empty, "memory has no operating point");
        Assert.That(lines.Skip(1).Where(line => line[4] == "product" && line[0] == "2").Select(line => line[5]), Is.All.EqualTo("0.675"));
    }

    [Test]
    public async Task ParquetSumsToTheLedger()
    {
        using var bytes = new MemoryStream(await TraceFiles.ToParquet(_trace));
        var rows = (await Parquet.Serialization.ParquetSerializer.DeserializeUntypedAsync(bytes)).Data;
        Assert.That(rows, Has.Count.EqualTo(_trace.Rows.Count));
        Assert.That(rows[0].Keys, Is.EquivalentTo(TraceColumn.All.Select(column => column.Field.Name)));
        Expect(column =>
        {
            var sum = 0.0;
            foreach (var row in rows)
                sum += Convert.ToDouble(row[column], CultureInfo.InvariantCulture);
            return sum;
        });
    }

    [Test]
    public void TheChromeTraceHoldsEveryChargeAndSumsToTheLedger()
    {
        var traced = TracedTimeline.Of(_trace, new TransferRates(new BytesPerSecond(1e11), new BytesPerSecond(1e11)), new Bytes(1 << 20));
        using var json = JsonDocument.Parse(ChromeTrace.Write(traced, "test"));
        var events = json.RootElement.GetProperty("traceEvents").EnumerateArray().ToList();
        var charges = events.Where(each => each.GetProperty("ph").GetString() == "X").ToList();
        Assert.That(charges, Has.Count.EqualTo(_trace.Rows.Count));
        Assert.That(events.Select(each => each.GetProperty("ph").GetString()).Distinct(), Is.EquivalentTo(new[] { "M", "C", "X" }));
        Assert.That(charges.Select(each => each.GetProperty("dur").GetDouble()), Is.All.GreaterThanOrEqualTo(0));
        Expect(column =>
        {
            if (column is "macs" or "seconds")
                return column == "macs" ? _ledger.Cost.Macs : _ledger.Cost.Time.Value;
            var sum = 0.0;
            foreach (var charge in charges)
                sum += charge.GetProperty("args").GetProperty(column).GetDouble();
            return sum;
        });
        // One track each: what the array does never overlaps.
        var array = charges.Where(each => each.GetProperty("tid").GetInt32() == 1).Select(each => (From: each.GetProperty("ts").GetDouble(), Length: each.GetProperty("dur").GetDouble())).ToList();
        for (var i = 1; i < array.Count; i++)
            Assert.That(array[i].From, Is.GreaterThanOrEqualTo(array[i - 1].From + array[i - 1].Length - 1e-6));
    }

    [Test]
    public void TheArraysQueueTakesTheLedgersTime()
    {
        var traced = TracedTimeline.Of(_trace, new TransferRates(new BytesPerSecond(1e11), new BytesPerSecond(1e11)), new Bytes(1 << 20));
        Assert.That(traced.Timeline.Compute.Value, Is.EqualTo(_ledger.Cost.Time.Value).Within(1e-9).Percent);
        Assert.That(traced.Timeline.Transfer.Value, Is.EqualTo(_ledger.Cost.Moved.Value / 1e11).Within(1e-9).Percent);
        Assert.That(traced.Timeline.Hidden, Is.InRange(0, 1));
    }

    [Test]
    public void PicturesAreDrawn()
    {
        byte[] signature = [0x89, (byte)'P', (byte)'N', (byte)'G'];
        var traced = TracedTimeline.Of(_trace, new TransferRates(new BytesPerSecond(1e11), new BytesPerSecond(1e11)), new Bytes(1 << 20));
        Assert.That(TraceChart.ToPng(_trace, "test").Take(4), Is.EqualTo(signature));
        Assert.That(GanttChart.ToPng(traced, GanttChart.BusiestStep(_trace.Rows), "hbm2").Take(4), Is.EqualTo(signature));
        Assert.That(GanttChart.BusiestStep(_trace.Rows), Is.EqualTo(2), "both later steps save alike; the last one restores too");
    }

    private void Expect(Func<string, double> sum) => Assert.Multiple(() =>
    {
        Assert.That(sum("computeJoules"), Is.EqualTo(_ledger.Cost.ComputeEnergy.Value));
        Assert.That(sum("checkJoules"), Is.EqualTo(_ledger.Cost.CheckEnergy.Value));
        Assert.That(sum("repeatJoules"), Is.EqualTo(_ledger.Cost.RepeatEnergy.Value));
        Assert.That(sum("logicJoules"), Is.EqualTo(_ledger.Cost.LogicEnergy.Value));
        Assert.That(sum("sramJoules"), Is.EqualTo(_ledger.Cost.SramEnergy.Value));
        Assert.That(sum("leakageJoules"), Is.EqualTo(_ledger.Cost.LeakageEnergy.Value));
        Assert.That(sum("transitionJoules"), Is.EqualTo(_ledger.Cost.TransitionEnergy.Value));
        Assert.That(sum("memoryJoules"), Is.EqualTo(_ledger.Cost.MemoryEnergy.Value));
        Assert.That(sum("bytes"), Is.EqualTo(_ledger.Cost.Moved.Value));
        Assert.That(sum("cycles"), Is.EqualTo(_ledger.Cost.Cycles));
        Assert.That(sum("macs"), Is.EqualTo(_ledger.Cost.Macs));
        Assert.That(sum("seconds"), Is.EqualTo(_ledger.Cost.Time.Value));
        Assert.That(sum("faults"), Is.EqualTo(_ledger.FaultsInjected));
        Assert.That(sum("flagged"), Is.EqualTo(_ledger.LinesFlagged));
        Assert.That(sum("mended"), Is.EqualTo(_ledger.ElementsMended));
    });

    private static DrawnPicture Drawn(Workbench bench, Strategy strategy, RunTrace trace) => new PictureBatch(bench.Pipeline, 1).Draw(
        new Drawing(Workbench.Requests(1), runs => new GuardedGemm(bench.Platform with { Costs = Everything }, strategy, bench.Layers, runs)) { Begin = request => new PictureRun(request) { Trace = trace } },
        new SamplingSettings(Steps, 2))[0];
}
