using Drift.Bench;

namespace Drift.Tests.Bench;

/// <summary>One run of the command line in this process, with what it printed.</summary>
internal sealed record Invocation(int ExitCode, string Out, string Error)
{
    public CompareOptions? Compared { get; private init; }

    public GenerateOptions? Generated { get; private init; }

    public SweepOptions? Swept { get; private init; }

    public static async Task<Invocation> Of(string[] arguments, Func<Session, int>? body = null, CancellationToken cancellation = default)
    {
        using StringWriter output = new(), error = new();
        CompareOptions? compared = null;
        GenerateOptions? generated = null;
        SweepOptions? swept = null;
        body ??= _ => 0;
        var bodies = new CommandBodies(
            (options, session) =>
            {
                compared = options;
                return body(session);
            },
            (options, session) =>
            {
                generated = options;
                return body(session);
            },
            (_, session) => body(session),
            (options, session) =>
            {
                swept = options;
                return body(session);
            });
        var exit = await DriftCommand.Run(arguments, bodies, output, error, cancellation);
        return new Invocation(exit, output.ToString(), error.ToString()) { Compared = compared, Generated = generated, Swept = swept };
    }
}
