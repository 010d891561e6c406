namespace Drift.Bench;

/// <summary>A point of a damage curve.</summary>
/// <param name="X">Rate, voltage or clock.</param>
/// <param name="Quoted">The paper's damage there; null where none is quoted.</param>
/// <param name="Sample">Ours, a value a picture; the same pictures in every curve and point of a table, so that differences pair.</param>
internal sealed record DamagePoint(double X, double? Quoted, IReadOnlyList<double> Sample);

/// <summary>Damage along an axis on which it grows: more is worse, in the paper's measure and in ours, which differ.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Points">In the order of growing stress, at the same places in every curve of a table.</param>
internal sealed record DamageCurve(string Name, IReadOnlyList<DamagePoint> Points);
