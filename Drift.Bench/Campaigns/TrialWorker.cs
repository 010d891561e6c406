using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>What one thread of a campaign has of its own: scratch memory, and the networks that measure.</summary>
internal sealed class TrialWorker
{
    private readonly IReadOnlyList<string> _metrics;
    private readonly FeatureNetwork? _features;
    private readonly Judge? _judge;

    /// <summary>A worker.</summary>
    /// <param name="lab">The campaign's.</param>
    /// <exception cref="UserErrorException">A metric of the plan cannot be taken of the model's pictures.</exception>
    public TrialWorker(CampaignLab lab)
    {
        _metrics = lab.Plan.Metrics;
        if (_metrics.Contains("features"))
            _features = lab.Model.Kind.TakesPrompts ? throw Unfit(lab, "features") : FeatureNetwork.Load(null);
        if (_metrics.Contains("right"))
            _judge = Judge.For(lab.Model) ?? throw Unfit(lab, "right");
    }

    /// <summary>Scratch memory.</summary>
    public Workspace Workspace { get; } = new();

    /// <summary>Measures a trial.</summary>
    /// <param name="drawn">The trial's picture.</param>
    /// <param name="clean">The clean one, [channels, height, width].</param>
    /// <param name="latents">The trial's last latents.</param>
    /// <param name="cleanLatents">The clean ones.</param>
    /// <returns>A value a metric.</returns>
    public double[] Measure(DrawnPicture drawn, Tensor clean, Tensor latents, Tensor cleanLatents)
    {
        var (picture, reference) = (Picture.From(drawn.Image), Picture.From(clean));
        return [.. _metrics.Select(metric => metric switch
        {
            "psnr" => Metric.CappedPsnr(picture, reference),
            "ssim" => Ssim.Gaussian(picture, reference),
            "latent" => Distance(latents.Span, cleanLatents.Span),
            "features" => _features!.Between(picture, reference),
            _ => _judge!.Accuracy([drawn]) ?? 0,
        })];
    }

    private static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        return Math.Sqrt(sum);
    }

    private static UserErrorException Unfit(CampaignLab lab, string metric) =>
        new($"--metric: {metric} needs a classifier of the model's classes, and none is shipped for {lab.Model.Name}; expected some of psnr, ssim, latent");
}
