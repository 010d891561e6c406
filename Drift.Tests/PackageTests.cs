using System.Diagnostics;
using System.IO.Compression;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>
/// The packages, packed from what is built here, installed from a folder and used: the tool, and a library by the README's sample. A minute and a half, so only where
/// DRIFT_PACK is set, as in CI. Nothing is fetched: the feed is the folder, and what a library needs is on this machine already.
/// </summary>
internal sealed class PackageTests
{
    private static readonly string[] Libraries = ["Drift.Kernels", "Drift.Abft", "Drift.Dvfs", "Drift.Models"];

    private string _folder = "";

    private string Feed => Path.Combine(_folder, "feed");

    [OneTimeSetUp]
    public void Pack()
    {
        if (Environment.GetEnvironmentVariable("DRIFT_PACK") is null)
            Assert.Ignore("packing takes a while: set DRIFT_PACK=1");
        _folder = Directory.CreateTempSubdirectory("drift-packages-").FullName;
        var configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";
        Run(Path.GetFullPath(DataFolder.Path("..")), "dotnet", "pack", "-c", configuration, "--no-build", "-o", Feed, "--nologo", "-v", "q");
        File.WriteAllText(Path.Combine(_folder, "nuget.config"), $"""
            <configuration><packageSources><clear /><add key="feed" value="{Feed}" /><add key="here" value="{Here}" /></packageSources></configuration>
            """);
    }

    [OneTimeTearDown]
    public void Close()
    {
        if (_folder.Length > 0)
            Directory.Delete(_folder, true);
    }

    [TestCaseSource(nameof(Libraries))]
    public void A_library_brings_readme_icon_documentation_and_symbols(string library)
    {
        Assert.That(Entries(library, "nupkg"), Is.SupersetOf(new[] { "README.md", "icon.png", $"lib/net10.0/{library}.dll", $"lib/net10.0/{library}.xml" }));
        Assert.That(Entries(library, "snupkg"), Does.Contain($"lib/net10.0/{library}.pdb"));
    }

    [Test]
    public void The_tool_is_installed_and_runs()
    {
        Assert.That(new FileInfo(Directory.EnumerateFiles(Feed, "Drift.Tool.*.nupkg").Single()).Length, Is.LessThan(250_000_000), "what nuget.org takes");
        var tools = Path.Combine(_folder, "tools");
        Run(_folder, "dotnet", "tool", "install", "Drift.Tool", "--tool-path", tools);
        var drift = Path.Combine(tools, OperatingSystem.IsWindows() ? "drift.exe" : "drift");
        Assert.That(Run(_folder, drift, "layout"), Does.Contain("tile-repacked"));
        Run(_folder, drift, "compare", "--images", "1", "--steps", "2", "--rows", "nominal,drift", "--out", "run");
        Assert.That(Directory.EnumerateFiles(Path.Combine(_folder, "run")).Select(Path.GetFileName), Is.SupersetOf(new[] { "pictures.png", "result.csv", "run.json" }));
    }

    [Test]
    public void The_sample_runs_on_the_packed_library()
    {
        var project = Directory.CreateDirectory(Path.Combine(_folder, "sample")).FullName;
        File.WriteAllText(Path.Combine(project, "Program.cs"), ReadmeSampleTests.Sample());
        File.WriteAllText(Path.Combine(project, "sample.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
              <ItemGroup><PackageReference Include="Drift.Kernels" Version="0.1.0" /></ItemGroup>
            </Project>
            """);
        // A packages folder of its own: the user's must not keep what is only of this build.
        Run(project, "dotnet", "build", "-v", "q", "--nologo", $"-p:RestorePackagesPath={Path.Combine(_folder, "packages")}", "-o", Path.Combine(_folder, "built"));
        Assert.That(Run(project, "dotnet", Path.Combine(_folder, "built", "sample.dll")), Does.StartWith("row 5, tile column 1: off by "));
    }

    /// <summary>Packages that this machine's restore has fetched.</summary>
    private static string Here => Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private List<string> Entries(string library, string kind)
    {
        using var package = ZipFile.OpenRead(Directory.EnumerateFiles(Feed, $"{library}.*.{kind}").Single());
        return [.. package.Entries.Select(entry => entry.FullName)];
    }

    private static string Run(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_NOLOGO"] = "1";
        // What the test host runs under must not decide what a build of its own does.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, $"{program} {string.Join(' ', arguments)}: {said}{error.Result}");
        return said;
    }
}
