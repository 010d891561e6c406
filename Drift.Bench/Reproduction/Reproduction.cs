using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Drift.Bench;

/// <summary>All settings of <c>drift reproduce</c>.</summary>
/// <param name="Tables">What is made.</param>
/// <param name="Budget">How much is drawn.</param>
/// <param name="Threads">Host threads.</param>
/// <param name="Out">Folder to write or to go on with.</param>
/// <param name="Instead">Folders of models that stand in for the shipped ones, by the paper's name for their kind.</param>
internal sealed record ReproduceOptions(IReadOnlyList<ITable> Tables, Budget Budget, int Threads, string Out, IReadOnlyDictionary<string, string> Instead);

/// <summary>Makes the paper's tables again, one after the other, and the report over them.</summary>
internal static class Reproduction
{
    /// <summary>Names of the files beside the tables.</summary>
    public const string Html = "report.html", Markdown = "report.md", Record = "run.json";

    /// <summary>Runs it.</summary>
    /// <param name="options">All settings.</param>
    /// <param name="session">Where it writes and what stops it.</param>
    /// <returns>The exit code.</returns>
    public static int Run(ReproduceOptions options, Session session)
    {
        var folder = new ReproductionFolder(options);
        try
        {
            Make(folder, options, session);
        }
        catch (OperationCanceledException)
        {
            return ErrorPolicy.Tell(session.Error, $"cancelled; {folder.Finished().Count} finished tables and the pictures of the next are kept in {options.Out}, and the same line goes on", ErrorPolicy.Cancelled);
        }

        var tables = folder.Finished();
        folder.Write(Record, ResultJson.Write(new Dictionary<string, object?>(MachineRecord.Survey())
        {
            ["processor"] = MachineRecord.Processor(),
            ["budget"] = options.Budget,
            ["threads"] = options.Threads,
            ["models"] = options.Instead,
        }));
        folder.Write(Markdown, Encoding.UTF8.GetBytes(MarkdownReport.Of(tables)));
        var report = folder.Write(Html, Encoding.UTF8.GetBytes(HtmlReport.Of(tables, folder.ReadFile)));
        session.Out.WriteLine($"{tables.Count} tables, {tables.Sum(table => table.Claims.Count)} claims: {Verdicts([.. tables.SelectMany(table => table.Claims)])}; the report is {report}");
        return ErrorPolicy.Success;
    }

    private static void Make(ReproductionFolder folder, ReproduceOptions options, Session session)
    {
        var finished = folder.Finished().Select(table => table.Id).ToHashSet();
        using var models = new TrainedModels(options.Budget, options.Threads) { Instead = options.Instead };
        foreach (var table in options.Tables)
        {
            if (finished.Contains(table.Id))
            {
                session.Out.WriteLine($"{table.Id}: kept, as it was finished before");
                continue;
            }

            session.Cancellation.ThrowIfCancellationRequested();
            var clock = Stopwatch.StartNew();
            using var journal = folder.Journal(table, options);
            var record = folder.Write(table, table.Make(new TableContext(options.Budget, models, session.Cancellation) { Journal = journal }));
            journal.Delete();
            session.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{table.Id}: {Verdicts(record)} in {clock.Elapsed.TotalSeconds:F1} s"));
        }
    }

    private static string Verdicts(TableRecord table) => Verdicts(table.Claims);

    /// <summary>How many claims got each verdict.</summary>
    public static string Verdicts(IReadOnlyList<Claim> claims) => string.Join(", ", claims.GroupBy(claim => claim.Verdict).OrderBy(group => group.Key).Select(group => $"{group.Count()} {Claim.Words(group.Key)}"));
}
