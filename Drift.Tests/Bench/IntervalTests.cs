using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary><c>drift interval</c>, small.</summary>
public sealed class IntervalTests
{
    private string _root = "";

    [SetUp]
    public void MakeFolder() => _root = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_root, true);

    [Test]
    public async Task A_folder_holds_the_lines_their_picture_and_the_settings()
    {
        var folder = Path.Combine(_root, "interval");
        var run = await Invocation.Of(["interval", "--steps", "4", "--images", "1", "--intervals", "1,4", "--out", folder]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.Contain("By theory: interval ").And.Contain($"Written to {folder}"));
        Assert.That(Directory.EnumerateFiles(folder).Select(Path.GetFileName), Is.EquivalentTo(new[] { "interval.csv", "interval.png", "run.json" }));
        var lines = File.ReadAllLines(Path.Combine(folder, "interval.csv")).Select(line => line.Split(',')).ToList();
        Assert.That(lines.Select(line => line[0]), Is.EqualTo(new[] { "interval", "1", "4" }));
        Assert.That(lines.Skip(1).Select(line => line[1]), Is.EqualTo(new[] { "4", "2" }), "saves of four steps: the last one saves too");
        Assert.That(lines.Skip(1).Select(line => line[^1]), Has.One.EqualTo("1"), "the best is 1");
        Assert.That(File.ReadAllText(Path.Combine(folder, "run.json")), Does.Contain("\"intervals\"").And.Not.Contain("\"interval\""));
    }
}
