using System.Diagnostics;
using Drift.Bench;
using NUnit.Framework;
using Spectre.Console;

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
    public void A_run_that_is_stopped_while_it_writes_leaves_nothing()
    {
        using (var output = new OutputFolder(Path.Combine(_folder, "new")))
        {
            output.Write("a.txt", [1, 2]);
            Assert.That(() => output.Commit(new CancellationToken(true)), Throws.InstanceOf<OperationCanceledException>());
        }

        Assert.That(Directory.EnumerateFileSystemEntries(_folder), Is.Empty);
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
    public void A_device_is_written_to_and_stays_one()
    {
        if (!File.Exists("/dev/full"))
            Assert.Ignore("there are no devices with a path here");
        using (var output = new OutputFile("--json", "/dev/null"))
            output.Commit([1, 2]);
        using (var output = new OutputFile("--json", "/dev/full"))
            Assert.That(() => output.Commit([1, 2]), Throws.InstanceOf<IOException>());
        Assert.That(() => File.WriteAllBytes("/dev/full", [1]), Throws.InstanceOf<IOException>(), "it is no file now");
        Assert.That(File.ReadAllBytes("/dev/null"), Is.Empty);
    }

    [Test]
    public void What_a_link_leads_to_is_replaced_and_the_link_stays()
    {
        var (target, link) = (Path.Combine(_folder, "r.json"), Path.Combine(_folder, "latest.json"));
        File.CreateSymbolicLink(link, target);
        foreach (byte content in (byte[])[1, 2])
        {
            using var output = new OutputFile("--json", link);
            output.Commit([content]);
            Assert.That((File.ReadAllBytes(target)[0], new FileInfo(link).LinkTarget), Is.EqualTo((content, target)));
        }
    }

    [Test]
    public void Two_outputs_of_a_run_cannot_be_one_file()
    {
        var target = Path.Combine(_folder, "r.json");
        using (new OutputFile("--json", target))
            Assert.That(Assert.Throws<UserErrorException>(() => new OutputFile("--csv", target).Dispose())!.Message, Does.Contain("--csv").And.Contain(target));
        File.WriteAllText(PartialPath.Of(target), "left by a process that was killed");
        using (var output = new OutputFile("--json", target))
            output.Commit([1]);
        Assert.That(File.ReadAllBytes(target), Is.EqualTo(new byte[] { 1 }));
    }

    [Test]
    public async Task Standard_output_that_cannot_be_written_is_named()
    {
        using var error = new StringWriter();
        using var full = new StandardOutput(new StreamWriter(new FullStream()) { AutoFlush = true });
        var bodies = new CommandBodies((_, _) => 0, (_, _) => 0, (_, _) => 0, (_, _) => 0);
        Assert.That(await DriftCommand.Run(["isolines"], bodies, full, error), Is.EqualTo(ErrorPolicy.BadInput));
        Assert.That(error.ToString().Trim(), Does.StartWith("drift: standard output: cannot be written: no room").And.Not.Contain('\n'));
    }

    private sealed class FullStream : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("no room");

        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("no room");
    }

    [Test]
    public void A_file_past_the_limit_of_its_size_is_an_error_and_leaves_nothing()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Ignore("ulimit -f in a shell of Linux");
        // The run time's own doubly mapped memory would be such a file.
        var line = $"ulimit -f 2; DOTNET_EnableWriteXorExecute=0 dotnet '{Path.Combine(AppContext.BaseDirectory, "drift.dll")}' isolines --out '{Path.Combine(_folder, "i.png")}' 2>&1 >/dev/null";
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", line]) { RedirectStandardOutput = true })!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.EqualTo(ErrorPolicy.BadInput), said);
        Assert.That(said, Does.StartWith("drift: "));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder), Is.Empty);
    }

    [Test]
    public async Task A_survey_of_ranges_is_stopped_between_steps()
    {
        using var source = new CancellationTokenSource();
        var file = Path.Combine(_folder, "r.csv");
        var going = Invocation.Of(["ranges", "--steps", "1000", "--csv", file], cancellation: source.Token);
        while (!File.Exists(PartialPath.Of(file)) && !going.IsCompleted)
            await Task.Delay(5);
        await source.CancelAsync();
        Assert.That((await going).ExitCode, Is.EqualTo(ErrorPolicy.Cancelled));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder), Is.Empty);
    }

    [Test]
    public async Task The_clean_runs_of_a_row_that_asks_for_ranges_are_stopped_too()
    {
        var options = (await Invocation.Of(["compare", "--rows", "range-clamp", "--images", "1", "--steps", "2"])).Compared!;
        using var lab = Lab.Open(options, new CancellationToken(true));
        Assert.That(() => lab.StrategyOf("range-clamp", options), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void A_narrow_console_cuts_no_number()
    {
        var text = new StringWriter();
        var table = new Table().AddColumn("rate").AddColumn("another").AddRow("0.0001234", "123456789");
        ReportConsole.Plain(text, 12).WriteWhole(table);
        Assert.That(text.ToString(), Does.Contain("0.0001234").And.Contain("123456789"));
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
