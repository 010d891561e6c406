using Drift.Abft;
using NUnit.Framework;

namespace Drift.Tests.Abft;

/// <summary>What every tier must keep.</summary>
[TestFixtureSource(nameof(Tiers))]
public sealed class CheckpointTierContract(string name)
{
    private ICheckpointTier _tier = null!;
    private string _folder = null!;

    public static IEnumerable<string> Tiers => ["memory", "file", "offload"];

    [SetUp]
    public void Open()
    {
        _folder = Directory.CreateTempSubdirectory("drift-tier").FullName;
        _tier = name switch
        {
            "memory" => new HostArena(),
            "file" => new MappedFileTier(_folder, segment: 4096),
            _ => new OffloadMemory(budget: 1024, new MappedFileTier(_folder, segment: 4096)),
        };
    }

    [TearDown]
    public void Close()
    {
        _tier.Dispose();
        Assert.That(Directory.EnumerateFileSystemEntries(_folder), Is.Empty, "nothing is left behind");
        Directory.Delete(_folder);
    }

    [Test]
    public void BlocksAreAlignedAndDoNotOverlap()
    {
        var blocks = new[] { 1, 64, 65, 1000, 5000, 64 }.Select(bytes => (Bytes: bytes, Block: _tier.TryRent(bytes)!)).ToList();
        for (var i = 0; i < blocks.Count; i++)
        {
            Assert.That(blocks[i].Block.Size, Is.GreaterThanOrEqualTo(blocks[i].Bytes));
            Assert.That(Address(blocks[i].Block) % CheckpointBlock.Alignment, Is.EqualTo(0L));
            blocks[i].Block.Span.Fill((byte)(i + 1));
        }

        for (var i = 0; i < blocks.Count; i++)
            Assert.That(blocks[i].Block.Span.IndexOfAnyExcept((byte)(i + 1)), Is.EqualTo(-1), $"block {i} keeps what was written to it");
        Assert.That(_tier.Held, Is.EqualTo(blocks.Sum(block => block.Block.Size)));
    }

    [Test]
    public void WhatComesBackIsHandedOutAgain()
    {
        for (var picture = 0; picture < 100; picture++)
        {
            var blocks = new[] { 640, 1280, 640 }.Select(bytes => _tier.TryRent(bytes)!).ToList();
            blocks.ForEach(_tier.Return);
        }

        Assert.That((_tier.Held, _tier.Peak), Is.EqualTo((0L, 2560L)));
    }

    [Test]
    public void NothingCannotBeRented() => Assert.Throws<ArgumentOutOfRangeException>(() => _tier.TryRent(0));

    private static unsafe long Address(CheckpointBlock block)
    {
        fixed (byte* first = block.Span)
            return (long)first;
    }
}
