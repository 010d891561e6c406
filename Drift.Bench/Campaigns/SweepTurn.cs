using System.Text.Json.Serialization;
using MathNet.Numerics.Statistics;

namespace Drift.Bench;

/// <summary>A side of <c>drift bench sweep</c>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SweepSide>))]
internal enum SweepSide
{
    /// <summary>A campaign on one thread.</summary>
    Alone,

    /// <summary>A campaign on N threads.</summary>
    Together,

    /// <summary>N campaigns of one thread that share only the process.</summary>
    Apart,

    /// <summary>INT8 products in registers on one thread.</summary>
    PeakAlone,

    /// <summary>The same on N threads.</summary>
    PeakApart,
}

/// <summary>What a side did in a turn. Measured.</summary>
/// <param name="Side">The side.</param>
/// <param name="Threads">Its threads.</param>
/// <param name="Round">The round, 1 first.</param>
/// <param name="Rate">Trials a second; of products in registers, 1e9 operations.</param>
/// <param name="Seconds">Time of the turn.</param>
/// <param name="Trials">Trials drawn.</param>
/// <param name="ProcessorSeconds">Time of processors that the process took.</param>
/// <param name="SystemSeconds">What of it was spent in the system's kernel.</param>
/// <param name="Allocated">Managed bytes.</param>
/// <param name="Taken">Processors that others took from it.</param>
internal sealed record SweepTurn(SweepSide Side, int Threads, int Round, double Rate, double Seconds, int Trials, double ProcessorSeconds, double SystemSeconds, long Allocated, double Taken)
{
    /// <summary>Processors that others may take from a turn before it counts as disturbed: a fiftieth of two, for the question is of hundredths.</summary>
    public const double Bearable = 0.04;
}

/// <summary>A side against another, round by round. The properties are those of the JSON, in its order. Measured.</summary>
/// <param name="What">What was timed.</param>
/// <param name="Threads">Threads of ours.</param>
/// <param name="Ours">Median speed of ours.</param>
/// <param name="Rival">Median speed of the other.</param>
/// <param name="RivalName">What the other is.</param>
/// <param name="Unit">Unit of both speeds.</param>
/// <param name="Ratio">Median of the rounds' ratios.</param>
/// <param name="Least">The least of them.</param>
/// <param name="Most">The greatest.</param>
/// <param name="Rounds">Rounds that count: those in which nothing took over <see cref="SweepTurn.Bearable"/> processors from either side, or all where there is no such round.</param>
/// <param name="Disturbed">Rounds in which something did.</param>
internal sealed record SweepRatio(string What, int Threads, double Ours, double Rival, string RivalName, string Unit, double Ratio, double Least, double Most, int Rounds, int Disturbed)
{
    /// <summary>Whether no round was left alone, so that the ratio is not to be trusted.</summary>
    [JsonIgnore]
    public bool IsDisturbed => Rounds == Disturbed;

    /// <summary>All ratios that the turns give.</summary>
    /// <param name="turns">One a side and round.</param>
    public static IReadOnlyList<SweepRatio> All(IReadOnlyList<SweepTurn> turns) =>
    [
        .. Of("sweep", turns, SweepSide.Together, SweepSide.Alone, "1 thread"),
        .. Of("campaigns apart", turns, SweepSide.Apart, SweepSide.Alone, "1 thread"),
        .. Of("sweep", turns, SweepSide.Together, SweepSide.Apart, "campaigns apart"),
        .. Of("products in registers", turns, SweepSide.PeakApart, SweepSide.PeakAlone, "1 thread"),
    ];

    private static IEnumerable<SweepRatio> Of(string what, IReadOnlyList<SweepTurn> turns, SweepSide ours, SweepSide rival, string rivalName)
    {
        var pairs = turns.Where(turn => turn.Side == ours).Join(turns.Where(turn => turn.Side == rival), mine => mine.Round, other => other.Round, (mine, other) => (Mine: mine, Other: other)).ToList();
        if (pairs.Count == 0)
            yield break;
        var quiet = pairs.Where(pair => Math.Max(pair.Mine.Taken, pair.Other.Taken) <= SweepTurn.Bearable).ToList();
        var counted = quiet.Count > 0 ? quiet : pairs;
        var ratios = counted.Select(pair => pair.Mine.Rate / pair.Other.Rate).ToList();
        yield return new SweepRatio(what, pairs[0].Mine.Threads, counted.Select(pair => pair.Mine.Rate).Median(), counted.Select(pair => pair.Other.Rate).Median(), rivalName,
            ours == SweepSide.PeakApart ? "GOP/s" : "trials/s", ratios.Median(), ratios.Min(), ratios.Max(), counted.Count, pairs.Count - quiet.Count);
    }
}

/// <summary>The JSON of <c>drift bench sweep</c>.</summary>
/// <param name="Machine">What it ran on.</param>
/// <param name="Plan">The campaign of every turn.</param>
/// <param name="Results">A side against another, each.</param>
/// <param name="Turns">What they were made of.</param>
internal sealed record SweepReport(IReadOnlyDictionary<string, object?> Machine, CampaignPlan Plan, IReadOnlyList<SweepRatio> Results, IReadOnlyList<SweepTurn> Turns);
