using Spectre.Console;

namespace Drift.Bench;

/// <summary>Bars on standard error while a run goes on, one a row; silent where nobody watches, or where text must stay plain.</summary>
internal static class RunProgress
{
    /// <summary>Runs work under its bars.</summary>
    /// <param name="names">One bar each.</param>
    /// <param name="total">Picture-steps of a bar.</param>
    /// <param name="session">Tells whether the run writes to a terminal.</param>
    /// <param name="work">Given a function that moves a bar (its number, picture-steps) from any thread.</param>
    public static void Show(IReadOnlyList<string> names, int total, Session session, Action<Action<int, int>> work)
    {
        if (Console.IsErrorRedirected || ReportConsole.IsPlainWanted || !ReferenceEquals(session.Error, Console.Error))
        {
            work((_, _) => { });
            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var bars = names.Select(name => context.AddTask(Markup.Escape(name), autoStart: false, maxValue: total)).ToList();
                work((bar, steps) =>
                {
                    if (!bars[bar].IsStarted)
                        bars[bar].StartTask();
                    bars[bar].Increment(steps);
                });
            });
    }
}
