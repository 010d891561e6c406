using Spectre.Console;
using Spectre.Console.Rendering;

namespace Drift.Bench;

/// <summary>The console that tables are printed on.</summary>
internal static class ReportConsole
{
    private const int RedirectedWidth = 200;

    /// <summary>Whether a user asked for plain text: https://no-color.org, or a terminal that has nothing else.</summary>
    public static bool IsPlainWanted => Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } || Environment.GetEnvironmentVariable("TERM") == "dumb";

    /// <summary>The terminal as it is; plain text where it is wanted, and of fixed width where nobody watches, so that a file or a pipe gets whole lines.</summary>
    /// <param name="output">Standard output, or what stands in for it.</param>
    public static IAnsiConsole On(TextWriter output) => !ReferenceEquals(output, Console.Out) || Console.IsOutputRedirected ? Plain(output, RedirectedWidth)
        : IsPlainWanted ? Plain(output, Console.WindowWidth is > 0 and var width ? width : RedirectedWidth)
        : AnsiConsole.Create(new AnsiConsoleSettings());

    /// <summary>Writes a table, wider than the console where its words would be cut: a number that lost digits says something else.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="table">The table.</param>
    public static void WriteWhole(this IAnsiConsole console, Table table)
    {
        var width = console.Profile.Width;
        console.Profile.Width = Math.Max(width, ((IRenderable)table).Measure(RenderOptions.Create(console), int.MaxValue / 2).Min);
        console.Write(table);
        console.Profile.Width = width;
    }

    /// <summary>Plain text of a fixed width.</summary>
    /// <param name="output">Takes the text.</param>
    /// <param name="width">Columns.</param>
    public static IAnsiConsole Plain(TextWriter output, int width)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = width;
        return console;
    }
}
