namespace Drift.Bench;

/// <summary>Where the data that travels with Drift lies: beside the executable, else in the repository above it.</summary>
internal static class DataFolder
{
    /// <summary>A path inside the data folder.</summary>
    /// <param name="parts">Names, outermost first.</param>
    /// <exception cref="UserErrorException">There is no data folder.</exception>
    public static string At(params ReadOnlySpan<string> parts) => Path.Combine([Root(), .. parts]);

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var data = Path.Combine(folder.FullName, "data");
            if (Directory.Exists(Path.Combine(data, "models")))
                return data;
        }

        throw new UserErrorException($"no folder data/models beside {AppContext.BaseDirectory} or above it: expected the data that Drift ships with");
    }
}
