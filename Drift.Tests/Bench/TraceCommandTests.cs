using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary><c>drift trace</c> as it is typed.</summary>
public sealed class TraceCommandTests
{
    private string _root = "";

    [SetUp]
    public void MakeFolder() => _root = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_root, true);

    [Test]
    public async Task A_policy_s_row_is_traced_as_it_is()
    {
        var (policy, folder) = (Path.Combine(_root, "policy.json"), Path.Combine(_root, "trace"));
        File.WriteAllText(policy, """{ "protection": "decode", "interval": 50, "policy": "table", "points": [ { "volts": 0.65 } ] }""");
        var run = await Invocation.Of(["trace", "--steps", "2", "--policy", policy, "--out", folder]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(File.ReadAllText(Path.Combine(folder, "trace.csv")), Does.Contain(",0.65,"));
    }
}
