using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace Drift.Bench;

/// <summary>The whole command line: parses, runs, and lets <see cref="ErrorPolicy"/> judge what went wrong.</summary>
internal static class DriftCommand
{
    /// <summary>Long enough for a run to reach the next step and remove its temporary folder.</summary>
    private static readonly TimeSpan CancellationGrace = TimeSpan.FromSeconds(20);

    /// <summary>Runs one invocation.</summary>
    /// <param name="arguments">Arguments without the program's name.</param>
    /// <param name="bodies">The commands that the composition root supplies.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="cancellation">Stops the run, beside Ctrl-C.</param>
    /// <returns>The exit code.</returns>
    public static Task<int> Run(string[] arguments, CommandBodies bodies, TextWriter output, TextWriter error, CancellationToken cancellation = default) =>
        ErrorPolicy.Guard(error, async () =>
        {
            var root = Root(bodies);
            var parsed = root.Parse(arguments);
            if (parsed.Errors.Count > 0 && parsed.Action is not (HelpWithExamples or null))
                return ErrorPolicy.Tell(error, Complaint(root, parsed), ErrorPolicy.BadInput);
            var configuration = new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = CancellationGrace,
            };
            return await parsed.InvokeAsync(configuration, cancellation);
        });

    /// <summary>A body as an action that System.CommandLine can cancel: work runs off the thread that waits for Ctrl-C.</summary>
    public static void SetBody(this Command command, Func<ParseResult, Session, int> body) =>
        command.SetAction((parsed, cancellation) => Task.Run(
            () =>
            {
                RequireOwnOptions(parsed.CommandResult);
                return body(parsed, new Session(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancellation));
            }, cancellation));

    /// <summary>Every command, without running any.</summary>
    /// <param name="bodies">The commands that the composition root supplies.</param>
    public static RootCommand Root(CommandBodies bodies)
    {
        var root = Commands(bodies);
        foreach (var help in root.Options.OfType<HelpOption>())
            help.Action = new HelpWithExamples((HelpAction)help.Action!);
        RefuseRepetition(root);
        return root;
    }

    /// <summary>The library takes an option that comes again without its value, and loses what it was to be.</summary>
    private static void RefuseRepetition(Command command)
    {
        foreach (var option in command.Options.Where(option => option.Arity.MaximumNumberOfValues == 1 && option.ValueType != typeof(bool)))
            option.Validators.Add(result =>
            {
                if (result.IdentifierTokenCount > 1)
                    result.AddError($"{option.Name}: given {result.IdentifierTokenCount} times; expected once");
            });
        foreach (var child in command.Subcommands)
            RefuseRepetition(child);
    }

    private static RootCommand Commands(CommandBodies bodies) => new("Diffusion under voltage-induced bit flips: run it, protect it, measure it.")
    {
        CompareCommand.Create(bodies.Compare),
        GenerateCommand.Create(bodies.Generate),
        VerifyCommand.Create(),
        QualityCommand.Create(),
        ModelCommand.Create(),
        SkeletonCommand.Create(),
        DevicesCommand.Create(),
        BenchCommand.Create(),
        DecodeCommand.Create(bodies.Decode),
        PlanCommand.Create(),
        SweepCommand.Create(bodies.Sweep),
        ReplayCommand.Create(),
        RangesCommand.Create(),
        CyclesCommand.Create(),
        IsolinesCommand.Create(),
        LayoutCommand.Create(),
        TraceCommand.Create(TraceRun.Run),
        IntervalCommand.Create(IntervalRun.Run),
        QuantiseReportCommand.Create(),
        ChecksumCommand.Create(),
        AbftCommand.Create(),
        ReproduceCommand.Create(),
        CompletionCommand.Create(),
    };

    /// <summary>Refuses an option that stands before a subcommand's name: it belongs to the parent, and would be taken and do nothing.</summary>
    private static void RequireOwnOptions(CommandResult given)
    {
        if (given.Parent is CommandResult parent && parent.Children.OfType<OptionResult>().FirstOrDefault(option => !option.Implicit) is { } stray)
            throw new UserErrorException($"{stray.Option.Name}: an option of drift {HelpWithExamples.NameOf(parent)}, not of drift {HelpWithExamples.NameOf(given)}");
    }

    private static string Complaint(RootCommand root, ParseResult parsed)
    {
        var where = parsed.CommandResult.Command;
        var name = HelpWithExamples.NameOf(parsed.CommandResult);
        var commands = string.Join(", ", where.Subcommands.Select(command => command.Name));
        // An option without its value swallows the next option's name, and leaves that one's value unmatched: the first is to blame.
        if (parsed.Errors.FirstOrDefault(error => error.SymbolResult is OptionResult) is { SymbolResult: OptionResult given } value)
        {
            return given.IdentifierTokenCount > 1 && given.Option.Arity.MaximumNumberOfValues == 1 ? $"{given.Option.Name}: given {given.IdentifierTokenCount} times; expected once"
                : given.Tokens.Count == 0 && given.IdentifierTokenCount > 0 ? $"{given.Option.Name}: expected {given.Option.HelpName}, got nothing"
                : value.Message;
        }

        if (parsed.UnmatchedTokens.Count > 0)
        {
            return where == root ? $"there is no command or option '{parsed.UnmatchedTokens[0]}'; there are the commands {commands}"
                : commands.Length > 0 ? $"{name}: there is no command or option '{parsed.UnmatchedTokens[0]}'; its commands are {commands}, its options in drift {name} --help"
                : $"{name}: there is no option '{parsed.UnmatchedTokens[0]}'; see drift {name} --help";
        }

        return where == root ? $"expected one of the commands {commands}; see drift --help"
            : where.Action is null ? $"{name}: expected one of the commands {commands}; see drift {name} --help"
            : parsed.Errors[0].Message;
    }
}
