using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>What became of the cases of a run.</summary>
/// <param name="Passed">Cases whose every output is within its tolerance.</param>
/// <param name="Failed">Cases with an output that is not, or whose files cannot be used.</param>
/// <param name="Unsupported">Cases that Drift cannot run yet.</param>
internal sealed record VerificationCount(int Passed, int Failed, int Unsupported);

/// <summary>Runs cases and reports a line an output.</summary>
internal sealed class VerificationRun(TextWriter report, VerificationSetting setting)
{
    private enum Verdict
    {
        Passed,
        Failed,
        Unsupported,
    }

    /// <summary>Runs all and ends with the count.</summary>
    public VerificationCount Run(IEnumerable<VerificationCase> cases)
    {
        var verdicts = cases.Select(Run).CountBy(verdict => verdict).ToDictionary();
        int Count(Verdict verdict) => verdicts.GetValueOrDefault(verdict);
        var count = new VerificationCount(Count(Verdict.Passed), Count(Verdict.Failed), Count(Verdict.Unsupported));
        // The last line counts cases, not outputs, whose number depends on the kind.
        report.WriteLine($"{count.Passed} passed, {count.Failed} failed, {count.Unsupported} not supported yet");
        return count;
    }

    private Verdict Run(VerificationCase found)
    {
        setting.Cancellation.ThrowIfCancellationRequested();
        try
        {
            if (found.Unsupported is { } reason)
            {
                Line(found.Name, "", $"not supported yet: {reason}");
                return Verdict.Unsupported;
            }

            var outputs = found.Run(setting).ToList();
            foreach (var output in outputs)
                Line(found.Name, output.Output, Describe(output));
            if (outputs.Any(output => output.Supported && !output.Ok))
                return Verdict.Failed;
            return outputs.Any(output => output.Supported) ? Verdict.Passed : Verdict.Unsupported;
        }
        catch (UnsupportedSettingException exception)
        {
            Line(found.Name, "", $"not supported yet: {exception.Message}");
            return Verdict.Unsupported;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Whatever a case's files bring about, a bug of ours too, is that case's failure: the others still run.
            Line(found.Name, "", $"FAIL: {NamingFile(found, ErrorPolicy.Plain(exception.Message))}");
            return Verdict.Failed;
        }
    }

    /// <summary>The message with the case's own file in front, unless it already names a file beside it.</summary>
    private static string NamingFile(VerificationCase found, string message) =>
        found.Files.Any(file => message.Contains(Path.GetDirectoryName(file)!, StringComparison.Ordinal)) ? message : $"{found.Files[0]}: {message}";

    private void Line(string name, string output, string outcome) => report.WriteLine($"{name,-40} {output,-20} {outcome}");

    private static string Describe(OutputCheck output) => !output.Supported
        ? "not supported yet"
        : string.Create(CultureInfo.InvariantCulture, $"error {output.Error,-9:0.##E+00} tolerance {output.Tolerance,-7:0.#E+00} {(output.Ok ? "ok" : "FAIL")}");
}
