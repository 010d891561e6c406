using Drift.Bench;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>What is wrong with a policy file is said in one line: file, place, and what exists.</summary>
public sealed class PolicyFileTests
{
    private static readonly PolicyScope Scope = new(20, [new LayerKey(0, GemmRole.Query), new LayerKey(1, GemmRole.Query), new LayerKey(1, GemmRole.FeedForward1)]);
    private string _path = "";

    [SetUp]
    public void Name() => _path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.json");

    [TearDown]
    public void Delete() => File.Delete(_path);

    [TestCase("""{ "points": [ { "blocks": "0-2", "volts": 0.65 } ] }""", "points[0].blocks: there is no 2; the run has 0-1")]
    [TestCase("""{ "points": [ { "volts": 0.65 }, { "steps": "19,20", "volts": 0.65 } ] }""", "points[1].steps: there is no 20; the run has 0-19")]
    [TestCase("""{ "points": [ { "roles": "Query,CrossKey", "volts": 0.65 } ] }""", "points[0].roles: there is no 'CrossKey' among the guarded layers; the model has Query, FeedForward1")]
    [TestCase("""{ "points": [ { "steps": "3-1", "volts": 0.65 } ] }""", "numbers and ranges such as 0-1,5, not '3-1'")]
    [TestCase("""{ "points": [ { "steps": "", "volts": 0.65 } ] }""", "not ''")]
    [TestCase("""{ "points": [ { "steps": "1" } ] }""", "line 1: expected a policy")]
    [TestCase("""{ "points": [ { "volts": -0.65 } ] }""", "points[0] to have volts and gigahertz above 0")]
    [TestCase("""{ "points": [] }""", "at least one entry in points")]
    [TestCase("""{ "protection": "best", "points": [ { "volts": 0.65 } ] }""", "protection to be one of none, recompute")]
    [TestCase("""{ "policy": "best", "points": [ { "volts": 0.65 } ] }""", "policy to be one of uniform, paper, table, adaptive, droop-aware, not 'best'")]
    [TestCase("""{ "protection": "decode", "tile": 65, "points": [ { "volts": 0.65 } ] }""", "tile from 1 to 64 for decode, not 65")]
    [TestCase("""{ "policy": "adaptive" }""", "loop with its targetRate")]
    [TestCase("""{ "policy": "adaptive", "protection": "tmr", "loop": { "targetRate": 0.003 } }""", "a protection with line sums")]
    [TestCase("""{ "policy": "adaptive", "loop": { "targetRate": 2 } }""", "targetRate between 0 and 1")]
    [TestCase("""{ "colour": 1, "points": [ { "volts": 0.65 } ] }""", "describes it: there is no field 'colour'")]
    [TestCase("{ \n \"points\": [ \n", "line 3: expected a policy")]
    [TestCase("null", "found null")]
    [TestCase("{ \n \"points\": [ { \"volts\": 0.65, \"blocks\": 3 } ] }", "line 2: points[0].blocks: expected text, in quotes")]
    [TestCase("""{ "points": [ { "volts": "low" } ] }""", "points[0].volts: expected a number")]
    [TestCase("""{ "tile": 3.5, "points": [ { "volts": 0.65 } ] }""", "tile: expected a whole number")]
    [TestCase("""{ "wide": "no", "points": [ { "volts": 0.65 } ] }""", "wide: expected true or false")]
    [TestCase("""{ "points": [ 3 ] }""", "points[0]: expected fields and their values, in braces")]
    [TestCase("""{ "policy": "adaptive", "loop": { "targetRate": "low" } }""", "loop.targetRate: expected a number")]
    [TestCase("""{ "points": [ null ] }""", "points[0] to have volts and gigahertz above 0")]
    [TestCase("""{ "points": null }""", "points is null")]
    [TestCase("""{ "policy": "uniform", "points": [ { "volts": 0.65 }, { "volts": 0.7 } ] }""", "one entry in points, without steps, blocks or roles, for the policy uniform")]
    [TestCase("""{ "policy": "paper", "points": [ { "steps": "1", "volts": 0.65 } ] }""", "for the policy paper; a schedule is the policy table")]
    [TestCase("""{ "policy": "adaptive", "loop": { } }""", "loop has no targetRate")]
    [TestCase("[ ]", "line 1: expected fields and their values, in braces")]
    [TestCase("""{ "points": [ { "volts": 0.65 }, ] }""", "a trailing comma at the end.")]
    [TestCase("""{ "points": 1 }""", "points: expected a list of rules, in square brackets")]
    public void Bad_files(string text, string expected)
    {
        File.WriteAllText(_path, text);
        var error = Assert.Throws<UserErrorException>(() => ToStrategy(PolicyFile.Read(_path)));
        Assert.That(error!.Message, Does.StartWith(_path).And.Contain(expected).And.Not.Contain(".NET").And.Not.Contain("Drift.Bench"));
    }

    [Test]
    public void The_last_rule_that_covers_a_product_counts_and_files_come_back_as_written()
    {
        File.WriteAllText(_path, """{ "protection": "decode", "points": [ { "volts": 0.62 }, { "steps": "0-1", "volts": 0.9 }, { "steps": "1", "blocks": "1", "roles": "feedforward1", "volts": 0.7 } ] }""");
        var file = PolicyFile.Read(_path);
        var policy = ToStrategy(file).OpenPolicy();
        double At(int step, int block, GemmRole role) => policy.Choose(new GemmSite(step, block, role)).Voltage.Value;
        Assert.That(new[] { At(2, 0, GemmRole.Query), At(1, 1, GemmRole.Query), At(1, 1, GemmRole.FeedForward1), At(0, 1, GemmRole.FeedForward1) }, Is.EqualTo(new[] { .62, .9, .7, .9 }));
        File.WriteAllBytes(_path, file.Write());
        Assert.That(PolicyFile.Read(_path).Write(), Is.EqualTo(file.Write()));
    }

    [Test]
    public void What_no_rule_covers_is_nominal() =>
        Assert.That(new TablePolicy([new PointRule(new SiteRange(new HashSet<int> { 3 }), OperatingPoint.Of(.6, 2))]).Choose(new GemmSite(2, 0, GemmRole.Query)), Is.EqualTo(OperatingPoint.Nominal));

    private Strategy ToStrategy(PolicyFile file) => file.ToStrategy(_path, Scope, new FixedRate(0), PipelineCatalog.Get(PipelineCatalog.Names[0]), () => new());
}
