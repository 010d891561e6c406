using Drift.Models;

namespace Drift.Bench;

/// <summary>The model of a campaign, as its plan wants it.</summary>
internal static class CampaignModel
{
    /// <summary>Reads it.</summary>
    /// <param name="plan">The campaign.</param>
    /// <param name="model">Where it lies.</param>
    public static DiffusionPipeline Open(CampaignPlan plan, ModelFolder model)
    {
        var pipeline = DiffusionPipeline.Load(model.Path);
        if (plan.Outliers != 1)
            OutlierChannels.Insert(pipeline.Denoiser.Layers, plan.Outliers);
        return pipeline;
    }
}
