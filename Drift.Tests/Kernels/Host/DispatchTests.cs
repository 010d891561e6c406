using System.ComponentModel;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The INT8 dispatch table, and what every entry owes beyond the bits of small shapes.</summary>
public sealed class DispatchTests
{
    private static readonly ChecksumTiles[] AllTiles = [0, 7, 32, 256, new(32, 256), new(8, 16), new(32, Moments: true), new(64, OddRows: true), new(128, OddRows: true), new(7, OddRows: true)];

    private static IEnumerable<string> Paths() => HostBackend.InstructionPaths.Where(path => path.Missing is null).Select(path => path.Name);

    [Test]
    public void Where_generated_code_is_forbidden_the_next_entry_runs()
    {
        Int8Kernels.Entry[] table =
        [
            new("absent", () => "not here", () => throw new AssertionException("an absent entry was opened")),
            new("generated", () => null, () => throw new Win32Exception(13)),
            new("plain", () => null, () => new DotKernel256<Portable256>("plain")),
        ];
        using var kernel = Int8Kernels.Open(null, table);
        Assert.That(kernel.Name, Is.EqualTo("plain"));
        Assert.That(() => Int8Kernels.Open("generated", table), Throws.InstanceOf<BackendUnavailableException>().With.Message.Contains("forbids executable memory"));
        Assert.That(() => Int8Kernels.Open("absent", table), Throws.InstanceOf<BackendUnavailableException>().With.Message.Contains("not here"));
        Assert.That(() => Int8Kernels.Open("other", table), Throws.ArgumentException.With.Message.Contains("absent, generated, plain"));
    }

    [Test]
    public void Several_threads_give_the_bits_of_the_reference([ValueSource(nameof(Paths))] string path, [ValueSource(nameof(AllTiles))] ChecksumTiles tiles)
    {
        using var backend = new HostBackend(4, path, new WorkerPool(4));
        using var output = new GemmOutput();
        var plan = new FaultPlanner().Draw(9, new GemmSite(1, 1, GemmRole.Key), 270, 300, BitErrorProfile.Uniform(0.0005));
        new GemmCase(270, 300, 110, tiles, Gap: 3).CheckAgainstReference(backend, output, plan);
    }

    [Test]
    public void Nothing_past_the_activations_is_read([ValueSource(nameof(Paths))] string path, [Values(1, 15, 34)] int m, [Values(1, 33, 70)] int k)
    {
        using var a = new GuardedPages<sbyte>(m * k);
        using var backend = new HostBackend(1, path);
        using var output = new GemmOutput();
        foreach (var tiles in AllTiles)
        {
            using var weights = backend.Prepare(new sbyte[17 * k], 17, k, tiles);
            backend.Multiply(new GemmCall(a.Span, m, k, weights), FaultPlan.None, output);
            Assert.That(output.Row(m - 1).IndexOfAnyExcept(0), Is.EqualTo(-1));
        }
    }

    [Test]
    public void A_warm_product_allocates_nothing()
    {
        using var backend = new HostBackend(1);
        using var output = new GemmOutput();
        using var weights = backend.Prepare(new sbyte[64 * 64], 64, 64, 32);
        var a = new sbyte[64 * 64];
        for (var run = 0; run < 3; run++)
            backend.Multiply(new GemmCall(a, 64, 64, weights), FaultPlan.None, output);
        var before = GC.GetAllocatedBytesForCurrentThread();
        backend.Multiply(new GemmCall(a, 64, 64, weights), FaultPlan.None, output);
        // ConcurrentBag may grow its own storage, by no more than a node.
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(256));
    }

    [Test]
    public void Cache_sizes_are_read_as_sysfs_writes_them()
    {
        Assert.That((CacheSizes.Bytes("48K\n"), CacheSizes.Bytes("1M"), CacheSizes.Bytes("512"), CacheSizes.Bytes(""), CacheSizes.Bytes("K")), Is.EqualTo((48 << 10, 1 << 20, 512, (int?)null, (int?)null)));
    }

    [Test]
    public void Cache_sizes_are_read_as_processors_list_them()
    {
        // Leaf 8000001Dh of a Zen 5: 48 KiB of data in 12 ways, 32 KiB of instructions in 8, 1 MiB in 16, 32 MiB in 16; 64-byte lines.
        (int, int, int, int)[] zen5 = [(0x121, 11 << 22 | 63, 63, 0), (0x122, 7 << 22 | 63, 63, 0), (0x143, 15 << 22 | 63, 1023, 0), (0x163, 15 << 22 | 63, 32767, 0), default];
        Assert.That(new[] { 1, 2, 3, 4 }.Select(level => CacheSizes.Bytes(level, i => zen5[i])), Is.EqualTo(new int?[] { 48 << 10, 1 << 20, 32 << 20, null }));
        Assert.That((CacheSizes.First, CacheSizes.Second), Is.EqualTo((CacheSizes.First / 64 * 64, CacheSizes.Second / 64 * 64)));
        Assert.That(CacheSizes.First, Is.GreaterThanOrEqualTo(16 << 10));
        Assert.That(CacheSizes.Second, Is.GreaterThan(CacheSizes.First));
    }

    [Test]
    public void A_panel_stays_in_the_first_level_cache_or_streams_through_it()
    {
        Assert.That((CacheSizes.PanelBlocks(CacheSizes.First / 2), CacheSizes.PanelBlocks(CacheSizes.First), CacheSizes.PanelBlocks(CacheSizes.First + 128)), Is.EqualTo((1, 2, 1)));
        Assert.That(CacheSizes.PanelBlocks(CacheSizes.Second), Is.EqualTo(4));
    }
}
