using Drift.Abft;
using NUnit.Framework;

namespace Drift.Tests.Abft;

/// <summary>Budgets, and disks that refuse.</summary>
internal sealed class OffloadMemoryTests
{
    [Test]
    public void WhatTheBudgetDoesNotHoldGoesToFiles()
    {
        var folder = Directory.CreateTempSubdirectory("drift-offload").FullName;
        using (var memory = new OffloadMemory(1000, new MappedFileTier(folder)))
        {
            var (first, second) = (memory.TryRent(640), memory.TryRent(640));
            Assert.That((first.Tier.Name, second.Tier.Name), Is.EqualTo(("memory", "file")));
            Assert.That((memory.Held, memory.Peak, memory.PeakInFiles, memory.Complaint), Is.EqualTo((1280L, 1280L, 640L, (string?)null)));
            memory.Return(first);
            Assert.That(memory.TryRent(640).Tier.Name, Is.EqualTo("memory"), "room again");
        }

        Directory.Delete(folder);
    }

    [Test]
    public void ADiskThatRefusesLeavesTheRunInMemoryAndSaysSoOnce()
    {
        using var memory = new OffloadMemory(0, new Refusing("No space left on device."));
        var block = memory.TryRent(640);
        memory.TryRent(640);
        Assert.That((block.Tier.Name, memory.Held), Is.EqualTo(("memory", 1280L)));
        Assert.That(memory.Complaint, Does.Contain("No space left on device").And.Contain("stays in memory").And.Not.Contain('\n'));
    }

    [Test]
    public void WhereMemoryDoesNotHoldItEitherTheRunStopsWithOneClearLine()
    {
        using var memory = new OffloadMemory(0, new Refusing("Read-only file system"), available: () => 512);
        var stop = Assert.Throws<CheckpointStorageException>(() => memory.TryRent(640))!;
        Assert.That(stop.Message, Does.Contain("Read-only file system").And.Contain("0.0 MiB").And.Contain("expected").And.Not.Contain('\n'));
        Assert.That(memory.Held, Is.Zero, "nothing is taken by a rental that failed");
        Assert.That(Drift.Bench.ErrorPolicy.IsUsers(stop));
        using var without = new OffloadMemory(0, null, () => 512);
        Assert.That(Assert.Throws<CheckpointStorageException>(() => without.TryRent(640))!.Message, Does.Contain("no file tier"));
    }

    [Test]
    public void AFolderThatCannotBeWrittenIsSuchADisk()
    {
        // /proc takes no files, whoever asks.
        using var memory = new OffloadMemory(0, new MappedFileTier("/proc"));
        Assert.That(memory.TryRent(64).Tier.Name, Is.EqualTo("memory"));
        Assert.That(memory.Complaint, Is.Not.Null);
    }

    /// <summary>A disk without room.</summary>
    private sealed class Refusing(string reason) : ICheckpointTier
    {
        public string Name => "refusing";

        public long Held => 0;

        public long Peak => 0;

        public CheckpointBlock? TryRent(long bytes) => throw new IOException(reason);

        public void Return(CheckpointBlock block)
        {
        }

        public void Dispose()
        {
        }
    }
}
