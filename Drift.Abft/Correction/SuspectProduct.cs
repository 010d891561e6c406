using Drift.Kernels;

namespace Drift.Abft;

/// <summary>What a corrector may know of a product that was executed past the safe point.</summary>
public readonly ref struct SuspectProduct
{
    /// <summary>Gathers it.</summary>
    /// <param name="output">The product, flips applied.</param>
    /// <param name="deviations">Observed minus expected line sums, modulo 2^32; of tile 0 where nothing was summed.</param>
    /// <param name="moments">The same of position-weighted sums, or null where none were taken.</param>
    /// <param name="rowNorms">M norms of the activations' rows, each at least the true one; or empty.</param>
    /// <param name="columnNorms">N norms of the weights' rows, each at least the true one; or empty.</param>
    /// <param name="nominal">The product at the nominal point, for those who pay for it.</param>
    /// <exception cref="ArgumentException">The sums are of another product, or the norms are too few.</exception>
    public SuspectProduct(GemmOutput output, LineSums deviations, LineSums? moments, ReadOnlySpan<float> rowNorms, ReadOnlySpan<float> columnNorms,
        NominalProduct nominal)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(deviations);
        ArgumentNullException.ThrowIfNull(nominal);
        var (m, n, _) = output.Shape;
        if ((deviations.M, deviations.N) != (m, n) || (moments is not null && (moments.M, moments.N, moments.Tile) != (m, n, deviations.Tile)))
            throw new ArgumentException($"line sums of another product than this of {m} x {n}", nameof(deviations));
        if ((!rowNorms.IsEmpty && rowNorms.Length < m) || (!columnNorms.IsEmpty && columnNorms.Length < n))
            throw new ArgumentException($"a product of {m} x {n} needs as many norms, not {rowNorms.Length} and {columnNorms.Length}", nameof(rowNorms));
        (Output, Deviations, Moments, Nominal) = (output, deviations, moments, nominal);
        RowNorms = rowNorms;
        ColumnNorms = columnNorms;
    }

    /// <summary>For those who take a row's deviation for that of its values.</summary>
    /// <exception cref="ArgumentException">Rows have odd weights.</exception>
    internal void RequirePlainRows()
    {
        if (Deviations.OddRows)
            throw new ArgumentException("rows with odd weights are another decoder's");
    }

    /// <summary>The accumulators as they are. A corrector leaves them so, and lists what it would have instead.</summary>
    public GemmOutput Output { get; }

    /// <summary>Observed minus expected line sums, modulo 2^32.</summary>
    public LineSums Deviations { get; }

    /// <summary>Deviations of position-weighted sums (<see cref="LineMoments"/>); null where none were taken.</summary>
    public LineSums? Moments { get; }

    /// <summary>Norms of A's rows; empty where nobody asked.</summary>
    public ReadOnlySpan<float> RowNorms { get; }

    /// <summary>Norms of W's rows; empty where nobody asked.</summary>
    public ReadOnlySpan<float> ColumnNorms { get; }

    /// <summary>What executing again, at the nominal point or once more at the same one, gives.</summary>
    public NominalProduct Nominal { get; }
}
