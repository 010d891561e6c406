namespace Drift.Models;

/// <summary>One feature as it was at the steps that computed it, kept as differences of rising order, and what they forecast.</summary>
/// <param name="order">Highest order of differences, at least 0.</param>
/// <param name="form">How they are taken and summed.</param>
public sealed class FeatureHistory(int order, ForecastForm form)
{
    private readonly List<float[]> _differences = [];

    /// <summary>Steps of the features that the differences hold, the last one first.</summary>
    private readonly List<int> _steps = [];

    /// <summary>Orders held, the feature itself among them.</summary>
    public int Held => _differences.Count;

    /// <summary>Takes a computed feature.</summary>
    /// <param name="step">Its step, behind all before.</param>
    /// <param name="feature">As many values as before.</param>
    /// <exception cref="ArgumentException">The step or the number of values does not fit.</exception>
    public void Add(int step, ReadOnlySpan<float> feature)
    {
        if (_steps.Count > 0 && step <= _steps[0])
            throw new ArgumentException($"step {step} is not behind step {_steps[0]}", nameof(step));
        if (_differences.Count > 0 && feature.Length != _differences[0].Length)
            throw new ArgumentException($"a feature of {feature.Length} values follows one of {_differences[0].Length}", nameof(feature));
        float[] spans = [.. _steps.Select(earlier => (float)(step - (form == ForecastForm.Newton ? earlier : _steps[0])))];
        if (_differences.Count <= order)
            _differences.Add(new float[feature.Length]);
        for (var e = 0; e < feature.Length; e++)
        {
            // Each order becomes the change of the one below it since that was last taken; the newest order has no predecessor.
            var current = feature[e];
            for (var i = 0; i < _differences.Count; i++)
            {
                var previous = _differences[i][e];
                _differences[i][e] = current;
                if (i < spans.Length)
                    current = (current - previous) / spans[i];
            }
        }

        _steps.Insert(0, step);
        if (_steps.Count > _differences.Count)
            _steps.RemoveAt(_steps.Count - 1);
    }

    /// <summary>The feature at a later step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="feature">Overwritten.</param>
    /// <exception cref="InvalidOperationException">Nothing was computed yet.</exception>
    public void Forecast(int step, Span<float> feature)
    {
        if (_differences.Count == 0)
            throw new InvalidOperationException($"step {step}: a feature is forecast before it was computed once");
        _differences[0].CopyTo(feature);
        var factor = 1f;
        for (var i = 1; i < _differences.Count; i++)
        {
            factor *= form == ForecastForm.Newton ? step - _steps[i - 1] : (float)(step - _steps[0]) / i;
            var difference = _differences[i];
            for (var e = 0; e < feature.Length; e++)
                feature[e] += factor * difference[e];
        }
    }
}
