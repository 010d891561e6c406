using System.Diagnostics;
using System.Runtime.InteropServices;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public sealed unsafe class NativeBlockTests
{
    [Test, Platform("Linux"), NonParallelizable]
    public void A_large_block_leaves_the_process_when_it_is_freed()
    {
        const int megabyte = 1 << 20;
        // From here on malloc serves a megabyte from an arena, and keeps it below what is still in use there.
        NativeMemory.Free(NativeMemory.Alloc(30 * megabyte));
        var blocks = Enumerable.Range(0, 40).Select(_ => new NativeBlock(megabyte)).ToList();
        foreach (var block in blocks)
            new Span<byte>(block.Pointer, megabyte).Fill(1);
        var full = PrivateBytes();
        foreach (var block in blocks[..^1])
            block.Dispose();
        Assert.That(full - PrivateBytes(), Is.GreaterThan(30 * megabyte));
        blocks[^1].Dispose();
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(1000)]
    [TestCase(100_000)]
    public void It_begins_on_a_cache_line_and_holds_what_was_asked_for(int bytes)
    {
        using var block = new NativeBlock(bytes);
        Assert.That((long)block.Pointer % 64, Is.Zero);
        new Span<byte>(block.Pointer, bytes).Fill(1);
    }

    [Test]
    public void What_no_system_has_is_refused() => Assert.Throws<OutOfMemoryException>(() => new NativeBlock(long.MaxValue / 2));

    [Test]
    public void What_was_freed_is_not_pointed_to([Values(1000, 100_000)] int bytes)
    {
        var block = new NativeBlock(bytes);
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _ = block.Pointer == null);
    }

    private static long PrivateBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PrivateMemorySize64;
    }
}
