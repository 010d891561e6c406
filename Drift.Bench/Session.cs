namespace Drift.Bench;

/// <summary>What a command runs in: where it writes and what stops it.</summary>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Cancellation">Set by Ctrl-C and SIGTERM.</param>
internal sealed record Session(TextWriter Out, TextWriter Error, CancellationToken Cancellation);

/// <summary>The commands that need models, as the composition root supplies them.</summary>
/// <param name="Compare">Body of <c>compare</c>; returns the exit code.</param>
/// <param name="Generate">Body of <c>generate</c>; returns the exit code.</param>
/// <param name="Decode">Body of <c>decode</c>; returns the exit code.</param>
/// <param name="Sweep">Body of <c>sweep</c>; returns the exit code.</param>
internal sealed record CommandBodies(
    Func<CompareOptions, Session, int> Compare, Func<GenerateOptions, Session, int> Generate, Func<DecodeOptions, Session, int> Decode, Func<SweepOptions, Session, int> Sweep);
