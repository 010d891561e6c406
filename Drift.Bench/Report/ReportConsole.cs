using Spectre.Console;

namespace Drift.Bench;

/// <summary>The console that tables are printed on.</summary>
internal static class ReportConsole
{
    private const int RedirectedWidth = 200;

    /// <summary>Plain text of fixed width where nobody watches, so that a file or a pipe gets whole lines.</summary>
    /// <param name="output">Standard output, or what stands in for it.</param>
    public static IAnsiConsole On(TextWriter output)
    {
        if (ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected)
            return AnsiConsole.Create(new AnsiConsoleSettings());
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = RedirectedWidth;
        return console;
    }
}
