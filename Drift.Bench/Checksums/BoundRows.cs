namespace Drift.Bench;

/// <summary>Clean products of a family under a bound. Measured.</summary>
/// <param name="Family">The operands.</param>
/// <param name="Bound">The bound.</param>
/// <param name="Products">Clean products.</param>
/// <param name="Lines">Their lines.</param>
/// <param name="FalseAlarms">Lines that the bound flags.</param>
/// <param name="Closest">Largest deviation over its threshold.</param>
internal sealed record CleanRow(string Family, string Bound, long Products, long Lines, long FalseAlarms, double Closest);

/// <summary>How far a bound's thresholds lie above the rounding errors of N(0, 1) operands. Measured.</summary>
/// <param name="Depth">K.</param>
/// <param name="Bound">The bound.</param>
/// <param name="OverMean">Mean threshold over mean |deviation|.</param>
/// <param name="OverLargest">Mean threshold over the largest |deviation| of a product, mean of all products.</param>
/// <param name="Quoted">Threshold over actual error in the V-ABFT paper, quoted; null where it has none.</param>
internal sealed record TightnessRow(int Depth, string Bound, double OverMean, double OverLargest, double? Quoted);

/// <summary>Flips of one bit of an output and how many a bound sees. Measured.</summary>
/// <param name="Bit">The bit: 0..22 mantissa, 23..30 exponent, 31 sign.</param>
/// <param name="Bound">The bound.</param>
/// <param name="Flips">Flips.</param>
/// <param name="Seen">Those whose row or column is flagged.</param>
/// <param name="Located">Those whose row and column are both flagged.</param>
internal sealed record BitRow(int Bit, string Bound, long Flips, long Seen, long Located);

/// <summary>The tables of <c>drift checksum bounds</c>.</summary>
/// <param name="Clean">False alarms.</param>
/// <param name="Tightness">Thresholds over errors.</param>
/// <param name="Bits">Detection by flipped bit.</param>
internal sealed record BoundReport(IReadOnlyList<CleanRow> Clean, IReadOnlyList<TightnessRow> Tightness, IReadOnlyList<BitRow> Bits);
