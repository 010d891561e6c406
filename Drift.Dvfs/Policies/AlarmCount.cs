namespace Drift.Dvfs;

/// <summary>What a product's checks showed, as hardware would see it: no ground truth.</summary>
/// <param name="Flagged">Lines whose deviation reached the threshold, at least 0.</param>
/// <param name="Lines">Lines that were looked at; 0 for a product without checks.</param>
/// <param name="Tile">Elements of a line, ragged edges aside; 0 for a product without checks.</param>
public readonly record struct AlarmCount(int Flagged, int Lines, int Tile);
