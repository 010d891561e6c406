using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class DeviceTuningTests
{
    private string _folder = null!;

    private string File => Path.Combine(_folder, "deep", "devices.json");

    [SetUp]
    public void Make() => _folder = Directory.CreateTempSubdirectory("drift-tuning").FullName;

    [TearDown]
    public void Remove() => Directory.Delete(_folder, true);

    [Test]
    public void What_is_kept_is_found_again_for_that_device_and_driver_only()
    {
        var kept = new DeviceTuning(64, FloatForm.Block);
        new TuningFile(File).Keep("one; driver 1", kept);
        new TuningFile(File).Keep("other; driver 1", new DeviceTuning(8, FloatForm.Direct));
        Assert.That(new TuningFile(File).Find("one; driver 1"), Is.EqualTo(kept));
        Assert.That(new TuningFile(File).Find("one; driver 2"), Is.Null);
        Assert.That(Directory.GetFiles(Path.GetDirectoryName(File)!), Is.EqualTo(new[] { File }), "nothing half-written stays");
    }

    [TestCase("")]
    [TestCase("{ \"one\": ")]
    [TestCase("[1]")]
    [TestCase("{ \"one\": { \"GroupSize\": 0, \"Float\": \"Direct\" } }")]
    [TestCase("{ \"one\": { \"GroupSize\": 32, \"Float\": \"Sideways\" } }")]
    [TestCase("{ \"one\": { \"GroupSize\": 32, \"Float\": 77 } }")]
    public void A_damaged_file_counts_as_empty_and_is_made_anew(string damaged)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, damaged);
        Assert.That(new TuningFile(File).Find("one"), Is.Null);
        new TuningFile(File).Keep("one", new DeviceTuning(16, FloatForm.Direct));
        Assert.That(new TuningFile(File).Find("one"), Is.EqualTo(new DeviceTuning(16, FloatForm.Direct)));
    }

    [Test]
    public void Without_a_folder_nothing_is_kept()
    {
        new TuningFile(null).Keep("one", new DeviceTuning(16, FloatForm.Direct));
        Assert.That(new TuningFile(null).Find("one"), Is.Null);
    }

    [Test]
    public void No_group_size_changes_a_bit([Values(1, 2, 3)] int size)
    {
        using var backend = new IlgpuBackend(IlgpuBackend.Cpu, tuning: new DeviceTuning(size, FloatForm.Direct));
        using var output = new GemmOutput();
        new GemmCase(33, 40, 70, 32).CheckAgainstReference(backend, output, FaultPlan.Of(33, 40, [new(32, 39, 30)]));
    }

    [Test]
    public void Lacking_memory_says_what_is_needed_and_what_is_free()
    {
        Assert.That(DeviceBuffer.Lacking("GPU", 3L << 30, 1L << 30, 8L << 30), Does.Contain("3072 MiB are needed").And.Contain("1024 MiB are free of 8192 MiB").And.Contain("expected"));
        Assert.That(DeviceBuffer.Lacking("GPU", 1, null, 8L << 30), Does.Contain("1 MiB are needed").And.Contain("has 8192 MiB in all"));
    }
}
