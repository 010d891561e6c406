using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>Help at every level, completion, and plain text where it is asked for.</summary>
internal sealed class HelpTests
{
    private static readonly RootCommand Root = DriftCommand.Root(new CommandBodies((_, _) => 0, (_, _) => 0, (_, _) => 0, (_, _) => 0));

    public static IEnumerable<TestCaseData> Commands() => Walk(Root, "").Select(name => new TestCaseData(name).SetArgDisplayNames($"drift {name}".Trim()));

    [TestCaseSource(nameof(Commands))]
    public async Task Every_command_has_examples_that_parse_and_says_its_exit_codes(string name)
    {
        var help = (await Invocation.Of([.. name.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"])).Out;
        Assert.That(help, Does.Contain("Usage:").And.Contain("Exit codes:").And.Contain("130"));
        // What may be typed is listed beside an argument, not in the place of its name, or every line's explanation begins far to the right.
        Assert.That(help.Split('\n').Where(line => line.TrimStart().Contains("  ", StringComparison.Ordinal)).Select(line => line.TrimStart().IndexOf("  ", StringComparison.Ordinal)), Is.All.LessThan(40));
        Assert.That(Examples.Of(name), Is.Not.Empty);
        foreach (var example in Examples.Of(name))
        {
            Assert.That(help, Does.Contain($"  {example}"));
            // What a shell does around it is the shell's.
            var line = example.Split(" | ")[0].Replace("source <(", "", StringComparison.Ordinal).TrimEnd(')').Split(" > ")[0];
            var parsed = Root.Parse([.. CommandLineParser.SplitCommandLine(line).Skip(1)]);
            Assert.That(parsed.Errors, Is.Empty, example);
            Assert.That(HelpWithExamples.NameOf(parsed.CommandResult), Does.StartWith(name), "of this command or one below it");
        }
    }

    [TestCase("comp", "compare", "completion")]
    [TestCase("compare --model ", "dit-fashion", "sd-emoji")]
    [TestCase("compare --layo", "--layout")]
    [TestCase("reproduce abl", "ablation-array")]
    [TestCase("completion ", "bash", "zsh")]
    [TestCase("bench ", "gemm", "norms")]
    [TestCase("compare --fault-pattern ", "independent", "burst:", "droop:")]
    [TestCase("compare --bit-profile ", "uniform", "bit:", "path-delay")]
    public async Task A_shell_is_told_what_may_come_next(string line, params string[] offered)
    {
        var run = await Invocation.Of([$"[suggest:{line.Length}]", line]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out.Split('\n', StringSplitOptions.TrimEntries), Is.SupersetOf(offered));
    }

    [TestCase("bash", "complete -o filenames -F _drift drift")]
    [TestCase("zsh", "#compdef drift")]
    [TestCase("pwsh", "Register-ArgumentCompleter")]
    public async Task Each_shell_has_its_script(string shell, string said) => Assert.That((await Invocation.Of(["completion", shell])).Out, Does.Contain(said).And.Contain("[suggest:"));

    [Test]
    public async Task Another_shell_is_refused() => Assert.That((await Invocation.Of(["completion", "csh"])).Error, Does.StartWith("drift: completion: ").And.Contain("bash, zsh, pwsh"));

    /// <summary>In a real bash, as Tab calls it.</summary>
    [TestCase("drift rep", "replay reproduce")]
    [TestCase("drift compare --model pix", "pixart-emoji")]
    public async Task Bash_completes(string line, string completed)
    {
        var bash = Tool("bash");
        var script = (await Invocation.Of(["completion", "bash"])).Out;
        var words = line.Split(' ');
        var run = Run(bash, "-c", $$"""
            drift() { "{{Host}}" "{{Program}}" "$@"; }
            {{script}}
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}} COMP_WORDS=({{line}}) COMP_CWORD={{words.Length - 1}}
            _drift
            echo "${COMPREPLY[@]}"
            """);
        Assert.That(run, Is.EqualTo(completed));
    }

    /// <summary>On a terminal that has colours, headings are dim; with NO_COLOR, and on a terminal that has none, nothing but text comes.</summary>
    [TestCase("", "xterm-256color", true)]
    [TestCase("1", "xterm-256color", false)]
    [TestCase("", "dumb", false)]
    public void Plain_text_is_had_for_the_asking(string noColor, string terminal, bool styled)
    {
        var said = Run(Tool("script"), "-qec", $"env NO_COLOR={noColor} TERM={terminal} '{Host}' '{Program}' abft --trials 10", "/dev/null");
        Assert.That(said, Does.Contain("measured"));
        Assert.That(said.Contains("\u001b[2m", StringComparison.Ordinal), Is.EqualTo(styled));
    }

    [Test]
    public void A_pipe_gets_whole_lines_of_text() => Assert.That(Run(Host, Program, "abft", "--trials", "10"), Does.Contain("measured").And.Not.Contain("\u001b"));

    private static string Host => Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";

    private static string Program => Path.Combine(AppContext.BaseDirectory, "drift.dll");

    private static IEnumerable<string> Walk(Command command, string name) =>
        command.Subcommands.SelectMany(below => Walk(below, $"{name} {below.Name}".Trim())).Prepend(name);

    private static string Tool(string name)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (path is null)
            Assert.Ignore($"no {name} on the PATH");
        return path;
    }

    private static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, said + error.Result);
        return said.Trim();
    }
}
