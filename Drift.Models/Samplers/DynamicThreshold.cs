namespace Drift.Models;

/// <summary>
/// Clean samples pressed into -1..1, each picture by a quantile of its own magnitudes where that lies above 1 (dynamic thresholding; Saharia et al., arXiv 2205.11487, section 2.3), as
/// diffusers computes it. Immutable.
/// </summary>
internal sealed class DynamicThreshold
{
    private readonly float _quantile, _most;

    private DynamicThreshold(ModelConfig config) =>
        (_quantile, _most) = ((float)config.Number("dynamic_thresholding_ratio", 0.995, 0, 1), (float)config.Number("sample_max_value", 1, 1, 1e6));

    /// <summary>Reads the settings; null where they switch it off.</summary>
    /// <param name="config">A scheduler_config.json.</param>
    /// <exception cref="ModelFormatException">A setting is out of range.</exception>
    public static DynamicThreshold? Read(ModelConfig config) => config.IsOn("thresholding") ? new DynamicThreshold(config) : null;

    /// <summary>Presses a batch.</summary>
    /// <param name="samples">[pictures, ...]; overwritten.</param>
    /// <param name="pictures">Number of pictures.</param>
    public void Apply(Span<float> samples, int pictures)
    {
        var each = samples.Length / pictures;
        var magnitudes = new float[each];
        for (var picture = 0; picture < pictures; picture++)
        {
            var sample = samples.Slice(picture * each, each);
            for (var i = 0; i < each; i++)
                magnitudes[i] = MathF.Abs(sample[i]);
            Array.Sort(magnitudes);
            var rank = _quantile * (each - 1);
            var below = Math.Min((int)rank, each - 1);
            var above = Math.Min(below + 1, each - 1);
            var bound = Math.Clamp(magnitudes[below] + (rank - below) * (magnitudes[above] - magnitudes[below]), 1, _most);
            foreach (ref var value in sample)
                value = Math.Clamp(value, -bound, bound) / bound;
        }
    }
}
