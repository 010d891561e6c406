using Drift.Abft;

namespace Drift.Bench;

/// <summary>What an interval came to in whole runs.</summary>
/// <param name="Interval">Steps from one checkpoint to the next.</param>
/// <param name="Error">Mean squared error of the pictures against the nominal ones, measured.</param>
/// <param name="Energy">Joules a picture, modelled.</param>
internal readonly record struct MeasuredInterval(int Interval, double Error, double Energy);

/// <summary>A line of <c>drift interval</c>.</summary>
/// <param name="Interval">Steps from one checkpoint to the next.</param>
/// <param name="Forecast">What theory expects of it.</param>
/// <param name="Error">Mean squared error of the pictures against the nominal ones, measured.</param>
/// <param name="Energy">Joules a picture, modelled.</param>
/// <param name="ByTheory">Cost times error over the smallest of all lines, as forecast.</param>
/// <param name="Measured">The same of the runs.</param>
internal sealed record IntervalRow(int Interval, IntervalForecast Forecast, double Error, double Energy, double ByTheory, double Measured)
{
    /// <summary>The lines of what was measured.</summary>
    public static IReadOnlyList<IntervalRow> Of(IReadOnlyList<MeasuredInterval> measured, IntervalAdvice advice)
    {
        var forecasts = measured.Select(some => advice.Forecast(some.Interval)).ToList();
        var (least, best) = (forecasts.Min(forecast => forecast.Product), measured.Min(some => some.Error * some.Energy));
        return [.. measured.Zip(forecasts, (some, forecast) => new IntervalRow(some.Interval, forecast, some.Error, some.Energy, forecast.Product / least, some.Error * some.Energy / best))];
    }

    /// <summary>The lines as a file.</summary>
    public static byte[] ToCsv(IReadOnlyList<IntervalRow> rows) => CsvTable.Write<IntervalRow>(
    [
        ("interval", row => CsvTable.Text(row.Interval)),
        ("saves", row => CsvTable.Text(row.Forecast.Saves)),
        ("meanAge", row => CsvTable.Text(row.Forecast.MeanAge)),
        ("errorAddedAStep", row => CsvTable.Text(row.Forecast.Error)),
        ("joulesPerImage", row => CsvTable.Text(row.Energy)),
        ("meanSquaredError", row => CsvTable.Text(row.Error)),
        ("costTimesErrorByTheory", row => CsvTable.Text(row.ByTheory)),
        ("costTimesErrorMeasured", row => CsvTable.Text(row.Measured)),
    ], rows);
}
