namespace Drift.Tests;

/// <summary>The repository's data/, found by walking up from the test assembly to Drift.sln.</summary>
internal static class DataFolder
{
    public static string Path(params string[] parts)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Drift.sln")))
                return System.IO.Path.Combine([folder.FullName, "data", .. parts]);
        }

        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds Drift.sln");
    }
}
