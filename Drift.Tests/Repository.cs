using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Where the working tree lies, for tests that read its data.</summary>
internal static class Repository
{
    /// <summary>A path inside the working tree.</summary>
    public static string At(params string[] parts)
    {
        for (var folder = new DirectoryInfo(TestContext.CurrentContext.TestDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Drift.sln")))
                return Path.Combine([folder.FullName, .. parts]);
        }

        throw new DirectoryNotFoundException($"no Drift.sln above {TestContext.CurrentContext.TestDirectory}");
    }

    /// <summary>A path inside data/fixtures.</summary>
    public static string Fixture(params string[] parts) => At(["data", "fixtures", .. parts]);
}
