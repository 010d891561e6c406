using System.Diagnostics;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>A campaign on a disk that is really full.</summary>
[TestFixture]
public sealed class FullDiskTests
{
    [Test]
    public void It_stops_clearly_loses_nothing_and_goes_on_when_there_is_room()
    {
        var root = Directory.CreateTempSubdirectory("drift-full-").FullName;
        var disk = Directory.CreateDirectory(Path.Combine(root, "disk")).FullName;
        if (!Mount("-t", "tmpfs", "-o", "size=12k", "tmpfs", disk))
        {
            Directory.Delete(root, true);
            Assert.Ignore("a small disk cannot be mounted here (needs root on Linux)");
        }

        try
        {
            var plan = CampaignBench.Plan("dit-fashion", 3, 40, (Axes.Step, "2"), (Axes.Block, "0,7"));
            var folder = Path.Combine(disk, "campaign");
            var stopped = CampaignBench.Run(plan, folder);
            Assert.That(stopped.ExitCode, Is.EqualTo(ErrorPolicy.BadInput));
            Assert.That(stopped.Error, Does.StartWith("drift: ").And.Contain(folder).And.Contain("No space left").And.Contain("goes on from there"));
            var kept = 0;
            Assert.That(Journal<TrialRow>.Read(Path.Combine(folder, CampaignFolder.JournalFile), _ => kept++), Is.Zero);
            Assert.That(kept, Is.InRange(1, 79));

            Assert.That(Mount("-o", "remount,size=16m", disk));
            var finished = CampaignBench.Run(plan, folder);
            Assert.That((finished.ExitCode, finished.Error), Is.EqualTo((ErrorPolicy.Success, "")));
            Assert.That(finished.Out, Does.Contain($", {80 - kept} of them drawn now"));
        }
        finally
        {
            Run("umount", disk);
            Directory.Delete(root, true);
        }
    }

    private static bool Mount(params string[] arguments) => OperatingSystem.IsLinux() && Run("mount", arguments);

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
