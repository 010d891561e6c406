using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Drift.Bench;

/// <summary>Help at every level: the library's page, the command's examples, and what exit codes mean.</summary>
/// <param name="page">Prints what the library knows.</param>
internal sealed class HelpWithExamples(HelpAction page) : SynchronousCommandLineAction
{
    private static readonly IReadOnlyList<string> ExitCodes =
        ["  0    done", "  1    a verification failed, or a plan's budget does not hold", "  2    bad input: one line says which file or option, and what was expected", "  130  interrupted"];

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        ArgumentNullException.ThrowIfNull(parseResult);
        var code = page.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        Section(output, "Examples", Examples.Of(NameOf(parseResult.CommandResult)).Select(example => $"  {example}"));
        Section(output, "Exit codes", ExitCodes);
        return code;
    }

    /// <summary>A command as it is typed after <c>drift</c>; empty for <c>drift</c> itself.</summary>
    public static string NameOf(CommandResult result) => result.Parent is not CommandResult parent ? ""
        : NameOf(parent) is { Length: > 0 } before ? $"{before} {result.Command.Name}"
        : result.Command.Name;

    private static void Section(TextWriter output, string title, IEnumerable<string> lines)
    {
        output.WriteLine($"{title}:");
        foreach (var line in lines)
            output.WriteLine(line);
        output.WriteLine();
    }
}
