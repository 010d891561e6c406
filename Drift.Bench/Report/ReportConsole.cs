using Spectre.Console;

namespace Drift.Bench;

/// <summary>The console that tables are printed on.</summary>
internal static class ReportConsole
{
    private const int RedirectedWidth = 200;

    /// <summary>The terminal as it is; plain text of fixed width where nobody watches, so that a file or a pipe gets whole lines.</summary>
    /// <param name="output">Standard output, or what stands in for it.</param>
    public static IAnsiConsole On(TextWriter output) => ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected
        ? AnsiConsole.Create(new AnsiConsoleSettings())
        : Plain(output, RedirectedWidth);

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
