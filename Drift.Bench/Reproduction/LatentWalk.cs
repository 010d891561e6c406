using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A clean run's latents step by step, and how alike neighbouring steps are. Measured.</summary>
/// <param name="Latents">After each step.</param>
/// <param name="LatentSimilarity">Cosine of the latents with those of the step before; null at the first step.</param>
/// <param name="LayerSimilarity">Mean cosine over guarded layers of the accumulators with those of the step before; null at the first step.</param>
internal sealed record LatentWalk(IReadOnlyList<float[]> Latents, IReadOnlyList<double?> LatentSimilarity, IReadOnlyList<double?> LayerSimilarity)
{
    /// <summary>Walks a picture's run.</summary>
    /// <param name="pipeline">Draws it.</param>
    /// <param name="request">The picture.</param>
    /// <param name="settings">Steps and guidance.</param>
    /// <param name="open">Opens the unit that computes it, with somebody who watches its products or nobody.</param>
    /// <param name="disturb">Given each step and its latents, which it may change; null for nobody.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public static LatentWalk Of(DiffusionPipeline pipeline, PictureRequest request, SamplingSettings settings, Func<Action<GuardedProduct>?, GuardedGemm> open, Action<int, Tensor>? disturb,
        CancellationToken cancellation)
    {
        var (channels, height, width) = pipeline.Denoiser.LatentShape;
        var (latents, workspace) = (pipeline.Noise(request).Reshape(1, channels, height, width), new Workspace());
        var conditioning = pipeline.Conditioner.Condition([request], settings, new FloatUnit(), workspace);
        var (before, cosines) = (new Dictionary<LayerKey, int[]>(), new List<double>());
        var (steps, latentSimilarity, layerSimilarity) = (new List<float[]>(), new List<double?>(), new List<double?>());
        // Only an undisturbed run is asked how alike its layers are: it takes as long as the run.
        using var unit = open(disturb is not null ? null : product =>
        {
            var now = Accumulators(product.Output);
            if (before.TryGetValue(product.Site.Layer, out var last))
                cosines.Add(Cosine<int>(now, last));
            before[product.Site.Layer] = now;
        });
        pipeline.Denoise(latents, conditioning, settings, unit, workspace, (step, current) =>
        {
            disturb?.Invoke(step, current);
            var now = current.Span.ToArray();
            latentSimilarity.Add(steps.Count == 0 ? null : Cosine<float>(now, steps[^1]));
            layerSimilarity.Add(cosines.Count == 0 ? null : cosines.Average());
            steps.Add(now);
            cosines.Clear();
        }, cancellation);
        return new LatentWalk(steps, latentSimilarity, layerSimilarity);
    }

    private static int[] Accumulators(GemmOutput output)
    {
        var (m, n, _) = output.Shape;
        var values = new int[m * n];
        for (var row = 0; row < m; row++)
            output.Row(row).CopyTo(values.AsSpan(row * n, n));
        return values;
    }

    private static double Cosine<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b)
        where T : System.Numerics.INumber<T>
    {
        var (dot, lengthA, lengthB) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            var (x, y) = (double.CreateChecked(a[i]), double.CreateChecked(b[i]));
            (dot, lengthA, lengthB) = (dot + x * y, lengthA + x * x, lengthB + y * y);
        }

        return dot / Math.Sqrt(Math.Max(lengthA * lengthB, double.Epsilon));
    }
}
