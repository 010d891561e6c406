using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The README's sample, compiled as it stands there and run.</summary>
internal sealed class ReadmeSampleTests
{
    private const int MostLines = 15;

    /// <summary>What <c>dotnet new console</c> brings unasked.</summary>
    private const string Implicit = "global using System; global using System.Collections.Generic; global using System.Linq;";

    [Test]
    public void It_compiles_runs_and_finds_the_flip()
    {
        var sample = Sample();
        Assert.That(sample.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), Has.Length.LessThanOrEqualTo(MostLines));
        Assert.That(sample.Split('\n').Where(line => line.StartsWith("using Drift.", StringComparison.Ordinal)), Is.EqualTo(new[] { "using Drift.Kernels;" }), "kernels only");
        Assert.That(Run(sample), Does.Match(@"^row 5, tile column 1: off by -?1048576\r?\n$"), "bit 20 of row 5, column 40, which lies in the second tile");
    }

    [Test]
    public void Without_the_flip_it_finds_nothing() => Assert.That(Run(Sample().Replace("new Flip(Row: 5, Column: 40, Bit: 20)", "", StringComparison.Ordinal)), Is.Empty);

    /// <summary>The sample as the README has it.</summary>
    public static string Sample()
    {
        var readme = File.ReadAllText(Path.Combine(DataFolder.Path(".."), "README.md"));
        var block = readme[readme.IndexOf("<!-- sample -->", StringComparison.Ordinal)..readme.IndexOf("<!-- /sample -->", StringComparison.Ordinal)];
        return block.Split("```csharp\n")[1].Split("```")[0];
    }

    private static string Run(string sample)
    {
        var trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Where(path => Path.GetFileName(path) is var name
            && (name.StartsWith("System.", StringComparison.Ordinal) || name is "Drift.Kernels.dll" or "mscorlib.dll" or "netstandard.dll"));
        var compilation = CSharpCompilation.Create("Sample", [CSharpSyntaxTree.ParseText(sample), CSharpSyntaxTree.ParseText(Implicit)],
            [.. trusted.Select(path => MetadataReference.CreateFromFile(path))], new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        using var image = new MemoryStream();
        var emitted = compilation.Emit(image);
        Assert.That(emitted.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning), Is.Empty);
        image.Position = 0;
        var context = new AssemblyLoadContext("sample", isCollectible: true);
        var console = Console.Out;
        using var output = new StringWriter();
        try
        {
            Console.SetOut(output);
            context.LoadFromStream(image).EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [Array.Empty<string>()], null);
        }
        finally
        {
            Console.SetOut(console);
            context.Unload();
        }

        return output.ToString();
    }
}
