using Drift.Bench;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary><c>drift abft</c> and <c>drift checksum</c>: checks in isolation.</summary>
internal sealed class AbftCommandTests
{
    private static AbftOptions Standard => new(new GemmShape(64, 64, 16), "int8", 32, "threshold", 1024, "locate", "host", 1e-2, [], 1000, 0, 2);

    [TestCase("int8", "threshold", "checks")]
    [TestCase("fp32", "v-abft", "line sums")]
    public async Task What_of_the_checks_is_timed_is_said(string type, string detector, string timed)
    {
        var run = await Invocation.Of(["abft", "--type", type, "--detector", detector, "--trials", "1"]);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Out, Does.Contain($"with {timed} "));
    }

    [Test]
    public void Fp32_is_timed_in_the_fused_kernel_where_tiles_end_within_a_panel_too()
    {
        using var trials = new FloatTrials(Standard with { Type = "fp32", Detector = "v-abft", Shape = new GemmShape(40, 70, 33) });
        trials.Run(0, 1, new AbftTally());
        Assert.That(trials.RunPlain, Throws.Nothing);
        Assert.That(trials.RunGuarded, Throws.Nothing);
    }

    [TestCase("abft --trials 0", "--trials", "'0'")]
    [TestCase("abft --type int4", "--type", "'int4'", "int8, fp32")]
    [TestCase("abft --detector v-abft", "--detector", "'v-abft'", "threshold, exact")]
    [TestCase("abft --type fp32 --detector exact", "--detector", "'exact'", "v-abft, a-abft, higham")]
    [TestCase("abft --type fp32 --corrector decode", "--corrector", "'decode'", "locate, none")]
    [TestCase("abft --type fp32 --backend reference", "--backend", "reference")]
    [TestCase("abft --corrector decode --tile 128", "--tile", "128", "64")]
    [TestCase("abft --corrector decode-odd --tile 129", "--tile", "129", "128")]
    [TestCase("abft --shape 64x64", "--shape", "'64x64'", "MxNxK")]
    [TestCase("abft --shape 64x0x8", "--shape", "'64x0x8'")]
    [TestCase("abft --flip 64,0,3", "--flip", "'64,0,3'", "0..63")]
    [TestCase("abft --flip 1,2,32", "--flip", "'1,2,32'", "0..31")]
    [TestCase("abft --flip 1,2", "--flip", "'1,2'")]
    [TestCase("abft --flip 1,2,3 --rate 0.1", "--rate", "--flip")]
    [TestCase("abft --flip 1,2,3 --flip 1,2,3", "--flip", "1,2,3 is given twice")]
    [TestCase("abft --detector exact --threshold 10", "--threshold", "exact", "--detector threshold")]
    [TestCase("abft --type fp32 --threshold 10", "--threshold", "v-abft")]
    [TestCase("abft --trials 1 --trials 2", "--trials: given 2 times; expected once")]
    [TestCase("abft --trials 1 --trials", "--trials: given 2 times; expected once")]
    [TestCase("abft --trials", "--trials: expected N, got nothing")]
    [TestCase("abft --trials 1 --json same.json --csv same.json", "--csv", "same.json")]
    [TestCase("abft --rate nan", "--rate", "'nan'")]
    [TestCase("abft --json /nowhere/x.json", "--json", "/nowhere/x.json")]
    [TestCase("checksum", "checksum: expected one of the commands bounds, faults")]
    [TestCase("checksum bounds --products 0", "--products", "'0'")]
    [TestCase("checksum faults --shape 1x2", "--shape", "'1x2'")]
    [TestCase("bench decode --codes plane", "--codes", "'plane'", "plain, 16x16, 64x64, weighted")]
    [TestCase("compare --rows nominal --against drift", "--against", "drift", "nominal")]
    public async Task Bad_input_is_one_line_and_exit_code_2(string line, params string[] said)
    {
        var run = await Invocation.Of(line.Split(' '));
        Assert.That((run.ExitCode, run.Out), Is.EqualTo((ErrorPolicy.BadInput, "")));
        Assert.That(run.Error.TrimEnd(), Does.StartWith("drift: ").And.Not.Contain('\n'));
        foreach (var words in said)
            Assert.That(run.Error, Does.Contain(words));
    }

    [TestCase("threshold", 1024, 32)]
    [TestCase("exact", 1024, 32)]
    [TestCase("threshold", 4096, 16)]
    public void Escapes_are_as_many_as_computed(string detector, int threshold, int tile)
    {
        var report = AbftRun.Run(Standard with { Detector = detector, Threshold = threshold, Tile = tile, Rate = 2e-2, Corrector = "none", Trials = 2000 }, default);
        foreach (var row in report.Rows.Where(row => row.Theory is not null))
        {
            // Five standard deviations of a share of independent flips; those of one line are not quite, and escape together.
            var spread = Math.Sqrt(2 * Math.Max(row.Theory!.Value, 1.0 / row.Of) / row.Of);
            Assert.That(row.Share, Is.EqualTo(row.Theory.Value).Within(5 * spread), row.Quantity);
        }

        Assert.That(Of(report, "false alarms").Count, Is.Zero);
        Assert.That(Of(report, "escaped: large flips, all").Theory, Is.GreaterThan(1e-3));
    }

    [TestCase("int8", "decode")]
    [TestCase("int8", "decode-odd")]
    [TestCase("fp32", "locate")]
    public void Counts_do_not_depend_on_threads(string type, string corrector)
    {
        var options = Standard with { Type = type, Detector = type == "int8" ? "threshold" : "v-abft", Corrector = corrector, Trials = 150 };
        Assert.That(AbftRun.Run(options with { Threads = 1 }, default).Rows, Is.EqualTo(AbftRun.Run(options, default).Rows));
    }

    [Test]
    public void A_given_flip_is_located_and_corrected_in_every_trial([Values("int8", "fp32")] string type)
    {
        var options = Standard with { Type = type, Detector = type == "int8" ? "threshold" : "v-abft", Flips = [new Flip(40, 3, 30)], Trials = 100 };
        var report = AbftRun.Run(options, default);
        foreach (var quantity in new[] { "detected: row or column flagged", "located: row and column flagged", "corrected" })
            Assert.That(Of(report, quantity), Has.Property("Count").EqualTo(100).And.Property("Of").EqualTo(100), quantity);
    }

    [Test]
    public void Rows_with_odd_weights_go_to_their_own_corrector_and_are_no_case_of_the_theory()
    {
        var report = AbftRun.Run(Standard with { Detector = "exact", Tile = 64, Rate = 3e-3, Corrector = "decode-odd", Trials = 200 }, default);
        Assert.That(Of(report, "corrected").Share, Is.GreaterThan(0.99));
        Assert.That(Of(report, "false alarms").Count, Is.Zero);
        Assert.That(report.Rows.Select(row => row.Theory), Is.All.Null);
    }

    [Test]
    public void The_reason_of_an_escape_is_told()
    {
        // Bit 5 is small; an element that is hit twice in one bit is as it was.
        var report = AbftRun.Run(Standard with { Flips = [new Flip(0, 0, 5), new Flip(40, 40, 20), new Flip(40, 40, 20)], Trials = 10 }, default);
        Assert.That(Of(report, "escaped: below threshold").Count, Is.EqualTo(10));
        Assert.That(Of(report, "escaped: cancelled on row and column").Count, Is.EqualTo(20));
    }

    [Test]
    public async Task The_table_goes_to_the_console_and_to_files()
    {
        var folder = Directory.CreateTempSubdirectory("drift-").FullName;
        try
        {
            var (json, csv) = (Path.Combine(folder, "r.json"), Path.Combine(folder, "r.csv"));
            var run = await Invocation.Of(["abft", "--trials", "10", "--backend", "reference", "--json", json, "--csv", csv]);
            Assert.That((run.ExitCode, run.Error), Is.EqualTo((ErrorPolicy.Success, "")));
            Assert.That(run.Out, Does.Contain("cancelled on row").And.Contain("trials a second").And.Contain("overhead"));
            Assert.That(File.ReadAllText(json), Does.Contain("\"trialsPerSecond\"").And.Contain("\"backend\": \"reference\""));
            Assert.That(File.ReadLines(csv).First(), Is.EqualTo("quantity,count,of,share,low,high,theory"));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Test]
    public void Sums_that_are_hit_raise_alarms_and_sound_ones_none()
    {
        var rows = new SumFaults(new SumFaultOptions(new GemmShape(64, 64, 64), 32, 3e-3, 50, 0), default).Run();
        var byThreshold = rows.Where(row => row.Protection.StartsWith("threshold", StringComparison.Ordinal)).ToList();
        Assert.That(byThreshold.Select(row => (row.Exposed, row.SumHits > 0, row.FalseAlarms > 0)), Is.EqualTo(new[] { (false, false, false), (true, true, true) }));
        foreach (var pair in rows.Where(row => row.Protection != "locate").GroupBy(row => row.Protection))
            Assert.That(pair.Single(row => row.Exposed).LinesFlagged, Is.GreaterThan(pair.Single(row => !row.Exposed).LinesFlagged), pair.Key);
        Assert.That(rows.Select(row => row.Outcome.Flips).Distinct().Count(), Is.EqualTo(1), "the same flips everywhere");
    }

    [Test]
    public void A_difference_is_paired_by_seed()
    {
        var gain = PairedDifference.Of("other", [11, 22, 33], [10, 20, 30]);
        Assert.That((gain.Psnr, gain.Low < 0, gain.High > 4), Is.EqualTo((2.0, true, true)), "Student's t of 1, 2 and 3: 2 +- 2.48");
        Assert.That(gain.Line("row"), Does.StartWith("row - other, paired by seed: +2.0 dB (-0.5..+4.5)"));
    }

    private static AbftRow Of(AbftReport report, string quantity) => report.Rows.Single(row => row.Quantity == quantity);
}
