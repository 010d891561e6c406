namespace Drift.Kernels;

/// <summary>Row after row, as the next layer reads them. A tile is as many pieces as it has rows.</summary>
public sealed class RowMajorLayout : ITileLayout
{
    /// <summary>Its name.</summary>
    public const string Key = "row-major";

    /// <inheritdoc/>
    public string Name => Key;

    /// <inheritdoc/>
    public bool Repacks => false;

    /// <inheritdoc/>
    public int Offset(int rows, int columns, int row, int column) => row * columns + column;

    /// <inheritdoc/>
    public int Run(int columns, int column) => columns - column;
}
