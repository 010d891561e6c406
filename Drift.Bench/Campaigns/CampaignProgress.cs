using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Drift.Bench;

/// <summary>How a campaign goes on: a live table where somebody watches, lines of JSON for machines, nothing elsewhere.</summary>
internal sealed class CampaignProgress
{
    private const int ShownCells = 12;
    private static readonly TimeSpan JsonInterval = TimeSpan.FromSeconds(1), TableInterval = TimeSpan.FromSeconds(0.5);
    private readonly CampaignPlan _plan;
    private readonly IReadOnlyList<CellState> _states;
    private readonly Func<int, bool>? _mine;
    private readonly TextWriter? _json;
    private readonly Stopwatch _sinceTable = Stopwatch.StartNew(), _sinceLine = Stopwatch.StartNew();
    private LiveDisplayContext? _live;

    /// <summary>Progress of a campaign.</summary>
    /// <param name="plan">The campaign.</param>
    /// <param name="states">One a cell.</param>
    /// <param name="mine">Cells that are worked on; null for all.</param>
    /// <param name="json">Takes lines of JSON; null for none.</param>
    public CampaignProgress(CampaignPlan plan, IReadOnlyList<CellState> states, Func<int, bool>? mine, TextWriter? json) =>
        (_plan, _states, _mine, _json) = (plan, states, mine, json);

    /// <summary>Runs work under the table.</summary>
    /// <param name="session">Tells whether somebody watches.</param>
    /// <param name="work">Given what to call after every trial.</param>
    public void Show(Session session, Action<Action<CampaignRun>> work)
    {
        if (Console.IsErrorRedirected || ReportConsole.IsPlainWanted || !ReferenceEquals(session.Error, Console.Error))
        {
            work(Lines);
            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Live(new Table()).AutoClear(true).Start(context =>
        {
            _live = context;
            work(Both);
        });
    }

    /// <summary>Where a campaign stands.</summary>
    public CampaignStatus Status(CampaignRun run)
    {
        var mine = Enumerable.Range(0, _states.Count).Where(cell => _mine?.Invoke(cell) != false).Select(cell => _states[cell]).ToList();
        var (rate, left) = (run.Drawn / run.Elapsed.TotalSeconds, mine.Where(state => !state.IsDone).Sum(Missing));
        return new CampaignStatus(mine.Count, mine.Count(state => state.IsDone), mine.Sum(state => (long)state.Count), run.Drawn, rate, rate > 0 ? left / rate : double.NaN,
            mine.Where(state => state.Count > 1).Select(Half).DefaultIfEmpty(double.NaN).Max(), run.Elapsed.TotalSeconds);
    }

    private void Both(CampaignRun run)
    {
        Lines(run);
        if (_sinceTable.Elapsed < TableInterval)
            return;
        _sinceTable.Restart();
        _live!.UpdateTarget(Draw(Status(run)));
    }

    private void Lines(CampaignRun run)
    {
        if (_sinceLine.Elapsed < JsonInterval)
            return;
        _sinceLine.Restart();
        if (_json is not null)
            Write(_json, Status(run));
    }

    /// <summary>Writes a line of JSON.</summary>
    public static void Write(TextWriter output, CampaignStatus status)
    {
        output.WriteLine(JsonSerializer.Serialize(status, Json));
        output.Flush();
    }

    private static JsonSerializerOptions Json { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Trials that a cell is likely to need still: an interval narrows with the root of their number.</summary>
    private double Missing(CellState state)
    {
        if (_plan.Stopping.HalfWidth is not { } half || state.Count < 2)
            return state.Look - state.Count;
        return Math.Clamp(state.Count * Math.Pow(Half(state) / half, 2), state.Look, _plan.Stopping.Ceiling) - state.Count;
    }

    private static double Half(CellState state)
    {
        var interval = state.Interval(0);
        return (interval.High - interval.Low) / 2;
    }

    private Table Draw(CampaignStatus status)
    {
        var table = new Table().Border(TableBorder.Rounded).Caption(Markup.Escape(status.ToString()));
        foreach (var name in (string[])["cell", .. _plan.Axes.Select(axis => axis.Name), "trials", _plan.Metrics[0], "±"])
            table.AddColumn(name);
        foreach (var cell in Enumerable.Range(0, _states.Count).Where(cell => _states[cell].Count > 1 && !_states[cell].IsDone).OrderByDescending(cell => Half(_states[cell])).Take(ShownCells))
        {
            var (state, interval) = (_states[cell], _states[cell].Interval(0));
            table.AddRow([.. (string[])[CellsCsv.IdOf(cell), .. _plan.ValuesOf(cell), $"{state.Count}", Number(interval.Mean), Number(interval.High - interval.Mean)]]);
        }

        return table;
    }

    private static string Number(double value) => Numerals.Of(value, "0.00");
}

/// <summary>Where a campaign stands.</summary>
/// <param name="Cells">Cells worked on.</param>
/// <param name="Done">Cells that have trials enough.</param>
/// <param name="Trials">Trials counted, those of earlier runs included.</param>
/// <param name="Drawn">Trials of this run.</param>
/// <param name="TrialsPerSecond">Rate of this run.</param>
/// <param name="SecondsLeft">Estimate.</param>
/// <param name="WidestHalf">Half of the widest interval.</param>
/// <param name="Seconds">Time of this run.</param>
internal sealed record CampaignStatus(int Cells, int Done, long Trials, int Drawn, double TrialsPerSecond, double SecondsLeft, double WidestHalf, double Seconds)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Done} of {Cells} cells done, {Trials} trials, {TrialsPerSecond:F1} trials/s, about {(double.IsFinite(SecondsLeft) ? TimeSpan.FromSeconds(Math.Round(SecondsLeft)).ToString("g", CultureInfo.InvariantCulture) : "?")} left{(double.IsNaN(WidestHalf) ? "" : string.Create(CultureInfo.InvariantCulture, $", widest interval ±{WidestHalf:F2}"))}");
}
