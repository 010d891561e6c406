using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>
/// A span that ends where a page begins that nobody may touch: whoever reads or writes one byte past it ends the process. Linux and macOS.
/// </summary>
internal sealed unsafe class GuardedPages<T> : IDisposable
    where T : unmanaged
{
    private const int None = 0, ReadWrite = 3, MapPrivate = 2;
    private readonly nint _address;
    private readonly nuint _bytes;

    public GuardedPages(int length)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
            Assert.Ignore("guard pages are made by mmap");
        var (page, size) = ((nuint)Environment.SystemPageSize, (nuint)length * (nuint)sizeof(T));
        _bytes = (size + page - 1) / page * page + page;
        _address = PageCalls.Map(0, _bytes, ReadWrite, MapPrivate | (OperatingSystem.IsMacOS() ? 0x1000 : 0x20), -1, 0);
        Assert.That(_address, Is.Not.EqualTo((nint)(-1)));
        var guard = _address + (nint)(_bytes - page);
        Assert.That(PageCalls.Protect(guard, page, None), Is.Zero);
        Pointer = (T*)(guard - (nint)size);
        Length = length;
    }

    public T* Pointer { get; }

    public int Length { get; }

    public Span<T> Span => new(Pointer, Length);

    public void Dispose() => Assert.That(PageCalls.Unmap(_address, _bytes), Is.Zero);
}

/// <summary>The system's calls, outside the generic class, which may not have them.</summary>
internal static partial class PageCalls
{
    [LibraryImport("libc", EntryPoint = "mmap")]
    internal static partial nint Map(nint address, nuint size, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    internal static partial int Protect(nint address, nuint size, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    internal static partial int Unmap(nint address, nuint size);
}
