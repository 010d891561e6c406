namespace Drift.Bench;

/// <summary>A curve of a figure.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Kind">Where its points come from: quoted curves are dashed.</param>
/// <param name="Color">Number of its colour; a curve and its quoted twin share one.</param>
/// <param name="Points">Its points, x ascending; a point without a value is left out.</param>
internal sealed record Curve(string Name, ColumnKind Kind, int Color, IReadOnlyList<(double X, Cell Y)> Points);

/// <summary>A picture of a table.</summary>
/// <param name="Title">What it shows, with the kind of its numbers.</param>
/// <param name="Alt">The same for those who do not see it.</param>
/// <param name="XLabel">Quantity and unit.</param>
/// <param name="YLabel">Quantity and unit.</param>
/// <param name="Curves">At least one.</param>
/// <param name="LogX">Whether x is drawn by its logarithm.</param>
/// <param name="LogY">Whether y is; values of 0 have no place then.</param>
internal sealed record Figure(string Title, string Alt, string XLabel, string YLabel, IReadOnlyList<Curve> Curves, bool LogX = false, bool LogY = false);
