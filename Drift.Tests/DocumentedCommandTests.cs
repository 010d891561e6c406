using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Reflection;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>
/// Every command of the README and of docs/. What runs in a moment is run, with its pictures, steps and trials made few; what times things or takes minutes is only parsed, and
/// <see cref="OnlyParsed"/> says which and why; tests and scripts are held to exist.
/// </summary>
internal sealed class DocumentedCommandTests
{
    /// <summary>Amounts in place of the documented ones, where a command takes them.</summary>
    private static readonly IReadOnlyDictionary<string, string> Few = new Dictionary<string, string>
    {
        ["--images"] = "1", ["--steps"] = "2", ["--trials"] = "10", ["--products"] = "24", ["--intervals"] = "2",
    };

    /// <summary>What is not run, and why.</summary>
    private static readonly IReadOnlyDictionary<string, string> OnlyParsed = new Dictionary<string, string>
    {
        ["bench"] = "it times things for minutes; ContestTests and GemmBenchTests hold its results right",
        ["reproduce --quick"] = "all tables take minutes; TableTests make each of them",
        ["reproduce --full"] = "hours",
        ["verify"] = "VerifyTests run every case; here its path is held to exist",
        ["plan"] = "a search takes minutes; PolicyPlanTests run a small one",
        ["skeleton"] = "it writes gigabytes; SkeletonTests make small ones",
        ["compare --model PATH"] = "a checkpoint of one's own",
        ["generate --model SKELETON"] = "gigabytes of a skeleton",
    };

    private static readonly CommandBodies Bodies = new(Comparison.Run, Generation.Run, DecodingCampaign.Run, Campaign.Run);
    private static readonly RootCommand Root = DriftCommand.Root(Bodies);

    private string _folder = "";
    private int _outputs;

    public static IEnumerable<TestCaseData> Commands() => Documentation.Commands.DistinctBy(command => command.Text).Select(command => new TestCaseData(command).SetArgDisplayNames(command.Text));

    /// <summary>The places that commands name: a campaign, pictures, a plan, a chip's table.</summary>
    [OneTimeSetUp]
    public async Task MakePlaces()
    {
        _folder = Directory.CreateTempSubdirectory("drift-docs-").FullName;
        foreach (var name in new[] { "FOLDER_A", "FOLDER_B" })
        {
            Directory.CreateDirectory(At(name));
            File.Copy(Path.Combine(Documentation.Root, "docs", "results", "compare", "pictures.png"), At(name, "a.png"));
        }

        File.Copy(Directory.EnumerateFiles(DataFolder.Path("operating-points"), "paper*.csv").Order(StringComparer.Ordinal).First(), At("chip.csv"));
        File.WriteAllText(At("plan.toml"), "model = \"dit-fashion\"\nsampling-steps = 2\ntrials = 1\n[axes]\nblock = [0]\n");
        File.WriteAllText(At("policy.json"), """{ "protection": "decode", "interval": 50, "policy": "table", "points": [ { "volts": 0.65 } ] }""");
        Assert.That(await Run("sweep", "--over", "step,block", "--sampling-steps", "4", "--trials", "1", "--out", At("campaign")), Is.Zero);
    }

    [OneTimeTearDown]
    public void RemovePlaces() => Directory.Delete(_folder, true);

    [TestCaseSource(nameof(Commands))]
    public async Task A_command_of_the_documentation_runs(object entry)
    {
        var command = (DocumentedCommand)entry;
        var words = CommandLineParser.SplitCommandLine(command.Text).ToArray();
        switch (words)
        {
            case ["dotnet", "test", .. var rest]:
                HoldsTests([.. rest]);
                return;
            case ["bash", var script, ..]:
                HoldsScript(script);
                return;
            case [var script, ..] when script.StartsWith("eng/", StringComparison.Ordinal):
                HoldsScript(script);
                return;
            case ["dotnet", "pack", ..]:
                Assert.Pass("PackageTests pack");
                return;
            case ["dotnet", "run", "-c", "Release", "--project", "Drift.Bench", "--", .. var arguments]:
                await Hold(command, arguments);
                return;
            case ["drift", .. var arguments]:
                await Hold(command, arguments);
                return;
            default:
                Assert.Fail($"{command}: expected drift, dotnet or a script of eng/");
                return;
        }
    }

    [Test]
    public void Commands_are_found()
    {
        Assert.That(Documentation.Commands, Has.Count.GreaterThan(80));
        Assert.That(Documentation.Commands.Select(command => command.File).Distinct().Count(), Is.GreaterThan(14));
    }

    /// <summary>Prose may leave arguments out; a command or an option that it names exists.</summary>
    [Test]
    public void What_prose_mentions_exists()
    {
        foreach (var mention in Documentation.Mentions)
        {
            Command at = Root;
            foreach (var word in CommandLineParser.SplitCommandLine(mention.Text).Skip(1))
            {
                if (word.StartsWith("--", StringComparison.Ordinal))
                    Assert.That(at.Options.Select(option => option.Name), Does.Contain(word), $"{mention}");
                else if (at.Subcommands.FirstOrDefault(below => below.Name == word) is { } below)
                    at = below;
                else
                    Assert.That(at, Is.Not.SameAs(Root), $"{mention}: there is no {word}");
            }
        }
    }

    [TestCase("drift compare --frob 1")]
    [TestCase("drift reproduce speedups")]
    [TestCase("drift compare --rows best")]
    [TestCase("dotnet test -c Release --filter FullyQualifiedName~NoSuchTests")]
    [TestCase("bash eng/no-such.sh")]
    public void A_command_that_does_not_exist_is_caught(string text) =>
        Assert.That(async () =>
        {
            using (new NUnit.Framework.Internal.TestExecutionContext.IsolatedContext())
                await A_command_of_the_documentation_runs(new DocumentedCommand("README.md", 1, text));
        }, Throws.InstanceOf<AssertionException>());

    private async Task Hold(DocumentedCommand command, string[] arguments)
    {
        var parsed = Root.Parse(arguments);
        Assert.That(parsed.Errors, Is.Empty, $"{command}");
        if (OnlyParsed.Keys.FirstOrDefault(name => string.Join(' ', arguments).StartsWith(name, StringComparison.Ordinal)) is { } left)
        {
            if (left == "verify" && arguments[1] != "PATH")
                Assert.That(Directory.Exists(Path.Combine(Documentation.Root, arguments[1])), $"{command}");
            return;
        }

        Assert.That(await Run([.. Made(arguments, parsed.CommandResult.Command)]), Is.Zero, $"{command}");
    }

    private async Task<int> Run(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var code = await DriftCommand.Run(arguments, Bodies, output, error);
        if (code != ErrorPolicy.Success)
            await TestContext.Out.WriteLineAsync($"drift {string.Join(' ', arguments)}\n{error}");
        return code;
    }

    /// <summary>A command with its places filled in, its amounts made few, and its output out of the way.</summary>
    private IEnumerable<string> Made(string[] arguments, Command command)
    {
        var sweeps = command.Name == "sweep";
        var few = Few.Where(amount => !sweeps && command.Options.Any(option => option.Name == amount.Key)).ToDictionary();
        for (var i = 0; i < arguments.Length; i++)
        {
            if (few.ContainsKey(arguments[i]) || arguments[i] is "--out" or "--json" or "--csv")
                i++;
            else
                yield return Place(arguments[i]);
        }

        foreach (var (option, amount) in few)
        {
            yield return option;
            yield return amount;
        }

        if (sweeps)
        {
            if (!arguments.Contains("--dry-run"))
                yield return "--dry-run";
            if (!arguments.Contains("--plan"))
            {
                yield return "--sampling-steps";
                yield return "2";
            }
        }
        else if (command.Options.Any(option => option.Name == "--out"))
        {
            yield return "--out";
            yield return At($"out-{_outputs++}");
        }
    }

    private string Place(string word) => word switch
    {
        "DIR" => At("campaign"),
        "FOLDER_A" or "FOLDER_B" or "plan.toml" => At(word),
        "my-chip.csv" or "my.csv" => At("chip.csv"),
        _ when word.EndsWith("policy.json", StringComparison.Ordinal) || word == "FILE" => At("policy.json"),
        _ when word.StartsWith("data/", StringComparison.Ordinal) => Path.Combine(Documentation.Root, word),
        _ => word,
    };

    private string At(params string[] path) => Path.Combine([_folder, .. path]);

    /// <summary>Each name of a filter is that of a test or of a class of tests, or of a category.</summary>
    private static void HoldsTests(string[] arguments)
    {
        var names = Assembly.GetExecutingAssembly().GetTypes().SelectMany(type => type.GetMethods().Select(method => $"{type.FullName}.{method.Name}")).ToList();
        foreach (var term in arguments.SkipWhile(word => word != "--filter").Skip(1).SelectMany(filter => filter.Split('|')))
        {
            if (term.Split('~') is ["FullyQualifiedName", var name])
                Assert.That(names.Any(test => test.Contains(name, StringComparison.Ordinal)), $"there is no test {name}");
            else
                Assert.That(term.Split('=')[0], Is.EqualTo("TestCategory"));
        }
    }

    private static void HoldsScript(string script)
    {
        var path = Path.Combine(Documentation.Root, script);
        Assert.That(File.Exists(path), $"there is no {script}");
        if (OperatingSystem.IsWindows())
            return;
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-n", path]))!;
        bash.WaitForExit();
        Assert.That(bash.ExitCode, Is.Zero, $"{script} is no shell script");
    }
}
