using System.Globalization;

namespace Drift.Kernels;

/// <summary>The caches of one core, as Linux tells them; elsewhere those of an ordinary one.</summary>
internal static class CacheSizes
{
    private const string Folder = "/sys/devices/system/cpu/cpu0/cache";
    private const int OrdinaryFirst = 32 << 10, OrdinarySecond = 1 << 20;

    /// <summary>Bytes of the first-level data cache.</summary>
    public static int First { get; } = Read(1) ?? OrdinaryFirst;

    /// <summary>Bytes of the second-level cache.</summary>
    public static int Second { get; } = Read(2) ?? OrdinarySecond;

    /// <summary>Groups of K of a full panel that fill half the first-level cache; the rows that pass by have the other half.</summary>
    public static int PanelGroups { get; } = First / 2 / (MicroTile.Columns * MicroTile.GroupBytes);

    /// <summary>Bytes of A that stay in the second-level cache while panels pass by: half of it.</summary>
    public static int BlockBytes { get; } = Second / 2;

    /// <summary>Parses a size of sysfs, as 48K.</summary>
    /// <param name="text">The file's text.</param>
    /// <returns>Bytes; null where it is none.</returns>
    public static int? Bytes(string text)
    {
        var trimmed = text.Trim();
        var scale = trimmed.EndsWith('K') ? 1 << 10 : trimmed.EndsWith('M') ? 1 << 20 : 1;
        return int.TryParse(trimmed.TrimEnd('K', 'M'), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0 && size < int.MaxValue / scale ? size * scale : null;
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
