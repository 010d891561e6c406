namespace Drift.Abft;

/// <summary>What the best checkpoint interval depends on. All but the drift are figures of one run.</summary>
/// <param name="Steps">Steps of a run, at least 1.</param>
/// <param name="FaultySteps">The steps at which faults are mended.</param>
/// <param name="MendedShare">Share of the elements that a faulty step mends, 0..1.</param>
/// <param name="EscapedError">Relative squared error that a faulty step leaves whatever the interval: faults that nothing mended.</param>
/// <param name="SaveCost">Cost of one save of all layers, in any unit.</param>
/// <param name="OtherCost">Cost of a run without its saves, in that unit.</param>
public sealed record IntervalInputs(int Steps, IReadOnlyList<int> FaultySteps, double MendedShare, double EscapedError, double SaveCost, double OtherCost);

/// <summary>What is expected of an interval.</summary>
/// <param name="Interval">Steps from one checkpoint to the next.</param>
/// <param name="Saves">Saves in a run.</param>
/// <param name="MeanAge">Mean age of a mended value, steps.</param>
/// <param name="Cost">Cost of a run, in the unit of the inputs.</param>
/// <param name="Error">Relative squared error that a faulty step brings in.</param>
public readonly record struct IntervalForecast(int Interval, int Saves, double MeanAge, double Cost, double Error)
{
    /// <summary>What is made small: cost times error.</summary>
    public double Product => Cost * Error;
}

/// <summary>
/// The best checkpoint interval in the manner of Young (1974) and Daly (2006): frequent saves cost, rare ones lose. There the loss is work done since the last checkpoint; here it is truth: a mended element takes a
/// value that is some steps old, and is wrong by as much as its layer has drifted since. Cost and error have no common unit, so their product is made small, as designers make energy x delay small.
/// </summary>
public sealed class IntervalAdvice
{
    private const int SlopeAges = 10;

    private readonly DriftProfile _drift;
    private readonly IntervalInputs _inputs;

    /// <summary>Advice for a run.</summary>
    /// <param name="drift">Drift between steps.</param>
    /// <param name="inputs">What else it depends on.</param>
    public IntervalAdvice(DriftProfile drift, IntervalInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(drift);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs.Steps, 1, nameof(inputs));
        (_drift, _inputs) = (drift, inputs);
    }

    /// <summary>Relative squared drift a step, as a straight line through nothing fits the first ten ages.</summary>
    public double Slope
    {
        get
        {
            var ages = Enumerable.Range(1, Math.Min(SlopeAges, _drift.Ages)).ToList();
            return ages.Sum(age => age * _drift.At(age)) / ages.Sum(age => (double)age * age);
        }
    }

    /// <summary>
    /// Young's closed form: with drift d = r a, cost E + C S / T and error F + m r (T + 1) / 2, their product is smallest at T = sqrt(2 C S (F + m r / 2) / (E m r)). Infinite where nothing drifts or nothing is mended.
    /// </summary>
    public double ClosedForm
    {
        get
        {
            var lost = _inputs.MendedShare * Slope;
            return lost == 0 ? double.PositiveInfinity : Math.Sqrt(2 * _inputs.SaveCost * _inputs.Steps * (_inputs.EscapedError + lost / 2) / (_inputs.OtherCost * lost));
        }
    }

    /// <summary>The interval with the smallest product, counted step by step with the drift as it was measured; the shortest of equals.</summary>
    public IntervalForecast Best => Enumerable.Range(1, _inputs.Steps).Select(Forecast).MinBy(forecast => forecast.Product);

    /// <summary>What is expected of an interval.</summary>
    /// <param name="interval">Steps, at least 1.</param>
    public IntervalForecast Forecast(int interval)
    {
        var schedule = new CheckpointInterval(interval);
        var saves = Enumerable.Range(0, _inputs.Steps).Where(schedule.IsDue).ToList();
        var ages = _inputs.FaultySteps.Select(step => step - saves.LastOrDefault(save => save < step, -1)).Where(age => age > 0).ToList();
        var stale = ages.Count == 0 ? 0 : ages.Average(age => _drift.At(age));
        return new IntervalForecast(interval, saves.Count, ages.Count == 0 ? 0 : ages.Average(), _inputs.OtherCost + saves.Count * _inputs.SaveCost,
            _inputs.EscapedError + _inputs.MendedShare * stale);
    }
}
