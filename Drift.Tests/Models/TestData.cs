using Drift.Kernels;
using Drift.Models;

namespace Drift.Tests;

/// <summary>The data folder of the repository that this assembly was built from.</summary>
internal static class TestData
{
    public static string Root { get; } = FindRoot();

    public static string Fixture(params ReadOnlySpan<string> parts) => Path.Combine([Root, "data", "fixtures", .. parts]);

    public static Tensor Read(SafetensorsFile file, string name) => new(file.ReadFloat(name), [.. file.Shape(name)]);

    /// <summary>Largest absolute difference over the largest absolute value expected.</summary>
    public static double Error(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        if (actual.Length != expected.Length)
            throw new ArgumentException($"{actual.Length} values for {expected.Length}", nameof(actual));
        var (difference, scale) = (0.0, 0.0);
        for (var i = 0; i < actual.Length; i++)
        {
            var distance = Math.Abs((double)actual[i] - expected[i]);
            difference = double.IsNaN(distance) ? double.PositiveInfinity : Math.Max(difference, distance);
            scale = Math.Max(scale, Math.Abs(expected[i]));
        }

        return difference / scale;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Drift.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException($"no Drift.sln above {AppContext.BaseDirectory}");
    }
}
