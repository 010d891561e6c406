using System.Globalization;
using Drift.Bench;
using Drift.Models;

namespace Drift.Tests.Bench;

/// <summary>Campaigns small enough for tests.</summary>
internal static class CampaignBench
{
    /// <summary>The plan that some options make.</summary>
    public static CampaignPlan Plan(string model, int steps, int trials, params (string Axis, string Values)[] axes)
    {
        var folder = ModelFolder.Find(model);
        IReadOnlyList<string> subjects = folder.Kind.TakesPrompts ? [.. folder.Defaults.Prompts.Take(2)] : [.. folder.Labels.Take(2)];
        return new PlanRequest(folder, "", axes.ToDictionary(axis => axis.Axis, axis => axis.Values), "psnr", null, trials, 2, 2, StoppingRule.Student, steps, null, 1, "saturating", subjects).ToPlan();
    }

    /// <summary>What runs a plan's trials.</summary>
    public static CampaignLab Lab(CampaignPlan plan)
    {
        var model = ModelFolder.Find(plan.Model);
        return new CampaignLab(plan, model, DiffusionPipeline.Load(model.Path), "host");
    }

    /// <summary>Runs a plan in a folder.</summary>
    public static Invocation Run(CampaignPlan plan, string folder, int threads = 2, string? merge = null, CancellationToken cancellation = default)
    {
        using StringWriter output = new(CultureInfo.InvariantCulture), error = new(CultureInfo.InvariantCulture);
        var options = new SweepOptions(plan, ModelFolder.Find(plan.Model), folder, "host", threads, false, false, Shard.Whole) { Merge = merge is null ? [] : [merge] };
        var exit = ErrorPolicy.Guard(error, () => Task.FromResult(Campaign.Run(options, new Session(output, error, cancellation)))).GetAwaiter().GetResult();
        return new Invocation(exit, output.ToString(), error.ToString());
    }

    /// <summary>A trial that nobody drew.</summary>
    public static TrialRow Row(int cell, int trial, double value = 30) => new("0123456789abcdef", cell, trial, (ulong)trial, (ulong)trial, 1, 0, 0, 0, 1, [value], "0123456789abcdef", 1);
}
