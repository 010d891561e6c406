using Drift.Kernels;
using Drift.Models;

namespace Drift.Tests;

/// <summary>The data folder of the repository that this assembly was built from.</summary>
internal static class TestData
{
    public static string Root { get; } = FindRoot();

    public static string Fixture(params ReadOnlySpan<string> parts) => Path.Combine([Root, "data", "fixtures", .. parts]);

    public static Tensor Read(SafetensorsFile file, string name) => new(file.ReadFloat(name), [.. file.Shape(name)]);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Drift.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException($"no Drift.sln above {AppContext.BaseDirectory}");
    }
}
