using Drift.Bench;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class ContestTests
{
    private static readonly DuelSettings Shortest = new(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, 1, 1);

    public static IEnumerable<TestCaseData> Small()
    {
        var ragged = new ConvolutionShape(2, 7, 9, 6, 10, 3) { Stride = 2, Padding = 1, PaddingAfter = 2, Dilation = 2, Groups = 2 };
        foreach (var contest in new[]
                 {
                     ConvolutionContests.Float("ragged", ragged), ConvolutionContests.Int8("ragged", ragged), AttentionContests.Of(37, 3, 8), NormContests.Layer(5, 37), NormContests.Rms(5, 37), NormContests.Soft(7, 32),
                     NormContests.Group(5, 24, 4),
                     ConvolutionContests.Winograd("small", new ConvolutionShape(1, 9, 8, 6, 10, 3) { Padding = 1 }),
                 }.Concat(NormContests.All().Skip(6)))
            yield return new TestCaseData(contest).SetArgDisplayNames(contest.What, contest.Type, contest.Label);
    }

    [TestCaseSource(nameof(Small))]
    public void Every_side_of_a_contest_computes_the_same(object given)
    {
        var contest = (Contest)given;
        if (OnnxRuntimeLibrary.Missing() is { } missing)
            Assert.Ignore(missing);
        var bench = new ContestBench(new ContestOptions([2], true, Shortest, 1), default);
        bench.Run([contest], new Session(TextWriter.Null, TextWriter.Null, default));
        Assert.That(bench.Results, Has.Count.EqualTo(contest.Ours.Count - 1 + contest.Rivals.Count * contest.Ours.Count));
        Assert.That(bench.Results.Select(result => result.Pair.Protection), Does.Contain("none"));
    }

    [Test]
    public void Sides_that_differ_or_are_no_numbers_are_not_timed()
    {
        foreach (var other in new[] { new[] { 1, 2.1 }, [1, double.NaN], [1] })
        {
            var message = Assert.Throws<DisagreementException>(() => ContestBench.Require("x", Fixed(1, 2), Fixed(other), 1e-3))!.Message;
            Assert.That(message, Does.Contain("at value 1").And.Contain("nothing was timed"));
        }

        static OurContender Fixed(params double[] values) => new("fixed", () => { }, () => values);
    }

    [Test]
    public void An_overhead_is_the_time_over_the_unprotected_form_of_its_round()
    {
        // A machine that gets slower run by run, which the median of either form alone would show.
        var (clock, runs) = (new StoppedClock(), 0);
        (string, Func<int, IContender>) Form(string name, double milliseconds) => (name, _ => new OurContender(name, () => clock.Pass(milliseconds * (1000 + ++runs / 8)), () => [1]));
        var contest = Of(Form("none", 0.01), Form("flat", 0.0103));
        var results = OverheadResult.Of(contest, 1, ContestBench.Meet(contest, 1, new Bout(BoutSettings.Fine(TimeSpan.FromSeconds(20)), clock, default)), 0.25).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(results.Select(result => result.Protection), Is.EqualTo(new[] { "none, again", "flat" }));
            Assert.That(results[0].Percent, Is.EqualTo(0).Within(0.2));
            Assert.That(results[1].Percent, Is.EqualTo(3).Within(0.2));
            Assert.That(results[1].Lower, Is.LessThanOrEqualTo(results[1].Percent).And.GreaterThan(2));
            Assert.That(results[1].Upper, Is.GreaterThanOrEqualTo(results[1].Percent).And.LessThan(4));
            Assert.That(results[1].Rounds, Is.GreaterThan(25));
            Assert.That(results[1].Taken, Is.EqualTo(0.25));
        });
    }

    [Test]
    public void Forms_that_differ_are_not_timed()
    {
        var contest = Of(("none", _ => new OurContender("none", () => { }, () => [1])), ("other", _ => new OurContender("other", () => { }, () => [2])));
        Assert.Throws<DisagreementException>(() => ContestBench.Meet(contest, 1, new Bout(BoutSettings.Fine(TimeSpan.Zero), new StoppedClock(), default)));
    }

    [Test]
    public void A_protected_form_has_a_ratio_and_quartiles_beside_a_control()
    {
        var bench = new ContestBench(new ContestOptions([1], false, Shortest with { LeastTurns = 9, MostTurns = 9 }, 1), default);
        bench.Run([NormContests.Layer(5, 37)], new Session(TextWriter.Null, TextWriter.Null, default));
        var result = bench.Results[0];
        Assert.That((result.Pair.RivalName, result.Ratio!.Rounds, result.Control!.Rounds), Is.EqualTo(("Drift", 9, 9)));
        Assert.That(result.Pair.Ratio, Is.EqualTo(result.Ratio.Ratio.Median).And.InRange(result.Ratio.Ratio.Lower, result.Ratio.Ratio.Upper));
    }

    private static Contest Of(params (string, Func<int, IContender>)[] forms) => new("x", "fp32", "8", new GemmShape(8, 8, 8), 1, "GFLOP/s", 0) { Ours = forms };

    [Test]
    public void The_figure_of_ratios_is_a_picture()
    {
        ContestResult Pair(string rival, double? ratio) => new("8 x 8", new GemmResult("softmax", "fp32", 8, 8, 1, 2, "none", 2, 1, rival, "Gvalue/s", ratio));
        var png = ContestChart.ToPng([Pair("ONNX Runtime", 2), Pair("libtorch", 0.5), Pair("Drift", 0.9), Pair("-", null)]);
        Assert.That(png.AsSpan(1, 3).SequenceEqual("PNG"u8));
    }

    [TestCase("conv", "--backend", "host")]
    [TestCase("attention", "--threads", "0")]
    [TestCase("norms", "--only", "nothing of that name")]
    [TestCase("conv", "--seconds", "3")]
    [TestCase("norms", "--overheads", "--quick", "--quick", "--seconds")]
    [TestCase("norms", "--overheads", "--rivals", "--rivals", "our own forms")]
    [TestCase("norms", "--overheads", "--only=group norm", "--overheads", "two forms", "group norm")]
    public async Task Bad_options_are_told_in_a_line(string name, string option, string value, params string[] said)
    {
        var result = await Invocation.Of(["bench", name, option, value]);
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error.Trim().Split('\n'), Has.Length.EqualTo(1));
        foreach (var words in said.Length > 0 ? said : [option])
            Assert.That(result.Error, Does.Contain(words));
    }
}
