namespace Drift.Kernels;

/// <summary>Some panels that some rows of a block meet.</summary>
/// <param name="FirstPanel">The first panel.</param>
/// <param name="EndPanel">The panel after the last.</param>
/// <param name="NextPanel">The panel after those that who has this share mostly takes next; 0 for none.</param>
/// <param name="Top">The first row of C.</param>
/// <param name="Bottom">The row after the last.</param>
/// <param name="Part">Where the rows go on with a tile that another share begins: which one of all such shares, from 0; else -1.</param>
internal readonly record struct PanelShare(int FirstPanel, int EndPanel, int NextPanel, int Top, int Bottom, int Part);
