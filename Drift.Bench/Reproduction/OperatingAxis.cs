using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>Damage along voltages or clocks: the places are those that the paper gives for its rates, the rates those of its table.</summary>
internal static class OperatingAxis
{
    /// <summary>The axis.</summary>
    /// <param name="budget">A place is drawn where its rate is.</param>
    /// <param name="file">File of data/paper that gives places for rates.</param>
    /// <param name="quantity">What it gives.</param>
    /// <param name="title">The same for people.</param>
    public static DamageAxis Of(Budget budget, string file, string quantity, string title) =>
        new(quantity, title, [.. QuotedFigures.Load(file).Rows.Where(row => budget.Rates.Contains(row.At!.Value)).Select(row => new DamagePlace(row.Value, row.At!.Value))], false);

    /// <summary>A curve for each method.</summary>
    /// <param name="model">The model.</param>
    /// <param name="names">Methods.</param>
    /// <param name="point">The operating point of a place.</param>
    public static IReadOnlyList<DamageSeries> Series(TrainedModel model, IReadOnlyList<string> names, Func<double, OperatingPoint> point)
    {
        var errors = new ErrorModel(FaultOptions.Standard.OpenRates(null));
        return [.. names.Select(name => new DamageSeries(name, Methods.Here(name), place => new Trial(Methods.Of(model, name, point(place.X)), errors)))];
    }
}
