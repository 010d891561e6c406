using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class OutputTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, true);

    [TestCase("new")]
    [TestCase("deep/down/new")]
    [TestCase("empty")]
    public void A_folder_appears_whole(string name)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "empty"));
        var target = Path.Combine(_folder, name);
        using (var output = new OutputFolder(target))
        {
            output.Write("a.txt", [1, 2]);
            Assert.That(File.Exists(Path.Combine(target, "a.txt")), Is.False);
            output.Commit();
        }

        Assert.That(File.ReadAllBytes(Path.Combine(target, "a.txt")), Is.EqualTo(new byte[] { 1, 2 }));
        Assert.That(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(target)!).Select(Path.GetFileName), Has.None.Contains("partial"));
    }

    [Test]
    public void A_run_that_ends_early_leaves_nothing()
    {
        using (var output = new OutputFolder(Path.Combine(_folder, "new")))
            output.Write("a.txt", [1, 2]);
        Assert.That(Directory.EnumerateFileSystemEntries(_folder), Is.Empty);
    }

    [Test]
    public void A_run_that_ends_early_leaves_no_folder_that_it_made_above_its_own()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "before"));
        new OutputFolder(Path.Combine(_folder, "before", "deep", "down", "new")).Dispose();
        Assert.That(Directory.EnumerateFileSystemEntries(_folder, "*", SearchOption.AllDirectories).Select(Path.GetFileName), Is.EqualTo(new[] { "before" }));

        using (new OutputFolder(Path.Combine(_folder, "shared", "down", "new")))
            File.WriteAllText(Path.Combine(_folder, "shared", "mine"), "kept");
        Assert.That(Directory.EnumerateFileSystemEntries(Path.Combine(_folder, "shared")).Select(Path.GetFileName), Is.EqualTo(new[] { "mine" }));
    }

    [Test]
    public void A_taken_or_impossible_folder_is_refused_before_any_work()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "kept");
        foreach (var target in new[] { _folder, Path.Combine(_folder, "file"), Path.Combine(_folder, "file", "below"), "/proc/drift" })
            Assert.That(Assert.Throws<UserErrorException>(() => new OutputFolder(target).Dispose())!.Message, Does.Contain(target).And.Contain("--out"));
        Assert.That(File.ReadAllText(Path.Combine(_folder, "file")), Is.EqualTo("kept"));
    }

    [Test]
    public void A_file_replaces_an_older_one_whole_or_not_at_all()
    {
        var target = Path.Combine(_folder, "r.json");
        File.WriteAllText(target, "old");
        new OutputFile("--json", target).Dispose();
        Assert.That(File.ReadAllText(target), Is.EqualTo("old"));
        using (var output = new OutputFile("--json", target))
            output.Commit("new"u8.ToArray());
        Assert.That(File.ReadAllText(target), Is.EqualTo("new"));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder), Has.Exactly(1).Items);
        Assert.That(Assert.Throws<UserErrorException>(() => new OutputFile("--json", _folder).Dispose())!.Message, Does.Contain("--json"));
        Assert.That(Assert.Throws<UserErrorException>(() => new OutputFile("--json", Path.Combine(_folder, "no", "r.json")).Dispose())!.Message, Does.Contain("--json"));
    }

    [Test]
    public async Task A_cancelled_command_leaves_nothing()
    {
        using var source = new CancellationTokenSource();
        var run = await Invocation.Of(["compare"], session =>
        {
            using var output = new OutputFolder(Path.Combine(_folder, "new"));
            output.Write("pictures.png", [1]);
            source.Cancel();
            session.Cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(10));
            session.Cancellation.ThrowIfCancellationRequested();
            output.Commit();
            return 0;
        }, source.Token);
        Assert.That(run.ExitCode, Is.EqualTo(ErrorPolicy.Cancelled));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder), Is.Empty);
    }
}
