using System.Globalization;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>The data caches of one core: as Linux tells them, else as the processor itself does, which virtual machines often leave as the only source; else those of an ordinary one.</summary>
internal static class CacheSizes
{
    private const string Folder = "/sys/devices/system/cpu/cpu0/cache";
    private const int OrdinaryFirst = 32 << 10, OrdinarySecond = 1 << 20;

    // CPUID leaves that list caches, a subleaf each, in one form: Intel's, and AMD's among its extensions.
    private const int IntelCaches = 4, AmdCaches = unchecked((int)0x8000001D), MostCaches = 16;

    /// <summary>Bytes of the first-level data cache.</summary>
    public static int First { get; } = Read(1) ?? Ask(1) ?? OrdinaryFirst;

    /// <summary>Bytes of the second-level cache.</summary>
    public static int Second { get; } = Read(2) ?? Ask(2) ?? OrdinarySecond;

    /// <summary>Bytes of a panel that stay in the first-level cache while rows pass by, which have the other half.</summary>
    private static int Resident { get; } = First / 2;

    /// <summary>Bytes of a panel that come from the second-level cache for every register tile.</summary>
    private static int Streamed { get; } = Second / 4;

    /// <summary>Bytes of A that stay in the second-level cache while panels pass by: half of it.</summary>
    public static int BlockBytes { get; } = Second / 2;

    /// <summary>
    /// Blocks that K is cut into for a panel. One that stays in the first-level cache; two, where each half then does; a longer panel would take so many that reading and writing C again
    /// costs more than the cache saves, so it streams through. Between the two, where a panel nearly fits, both are at their worst.
    /// </summary>
    /// <param name="bytes">Bytes of the panel.</param>
    public static int PanelBlocks(nint bytes) => bytes <= Resident ? 1 : bytes <= 2 * Resident ? 2 : (int)((bytes + Streamed - 1) / Streamed);

    /// <summary>Blocks that K is cut into for a panel along whose vectors it runs: each stays in the first-level cache, for a few rows at a time take all of it.</summary>
    /// <param name="bytes">Bytes of the panel.</param>
    public static int BlocksAlong(nint bytes) => (int)((bytes + Resident - 1) / Resident);

    /// <summary>Parses a size of sysfs, as 48K.</summary>
    /// <param name="text">The file's text.</param>
    /// <returns>Bytes; null where it is none.</returns>
    public static int? Bytes(string text)
    {
        var trimmed = text.Trim();
        var scale = trimmed.EndsWith('K') ? 1 << 10 : trimmed.EndsWith('M') ? 1 << 20 : 1;
        return int.TryParse(trimmed.TrimEnd('K', 'M'), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0 && size < int.MaxValue / scale ? size * scale : null;
    }

    /// <summary>The size of a level's data or unified cache in a CPUID listing.</summary>
    /// <param name="level">1 or 2.</param>
    /// <param name="cache">Registers of a subleaf: eax has the type (0 ends the list, 2 is instructions) and the level, ebx ways, partitions and line, ecx sets, each less 1.</param>
    /// <returns>Bytes; null where the listing has none.</returns>
    public static int? Bytes(int level, Func<int, (int Eax, int Ebx, int Ecx, int Edx)> cache)
    {
        const int Instructions = 2;
        for (var i = 0; i < MostCaches; i++)
        {
            var (eax, ebx, ecx, _) = cache(i);
            var type = eax & 31;
            if (type == 0)
                return null;
            if (type == Instructions || (eax >> 5 & 7) != level)
                continue;
            var bytes = ((ebx >> 22 & 1023) + 1L) * ((ebx >> 12 & 1023) + 1) * ((ebx & 4095) + 1) * ((uint)ecx + 1L);
            return bytes < int.MaxValue ? (int)bytes : null;
        }

        return null;
    }

    private static int? Ask(int level)
    {
        if (!X86Base.IsSupported)
            return null;
        var amd = (uint)X86Base.CpuId(int.MinValue, 0).Eax >= unchecked((uint)AmdCaches) ? Bytes(level, i => X86Base.CpuId(AmdCaches, i)) : null;
        return amd ?? (X86Base.CpuId(0, 0).Eax >= IntelCaches ? Bytes(level, i => X86Base.CpuId(IntelCaches, i)) : null);
    }

    private static int? Read(int level)
    {
        if (!Directory.Exists(Folder))
            return null;
        foreach (var index in Directory.EnumerateDirectories(Folder, "index*"))
        {
            if (Text(index, "level") == level.ToString(CultureInfo.InvariantCulture) && Text(index, "type") != "Instruction")
                return Bytes(Text(index, "size"));
        }

        return null;
    }

    private static string Text(string folder, string file)
    {
        var path = Path.Combine(folder, file);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : "";
    }
}
