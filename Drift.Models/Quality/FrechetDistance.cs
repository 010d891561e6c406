using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Drift.Models;

/// <summary>
/// Frechet distance of two feature sets, each taken for a Gaussian (Heusel et al., 2017, who call it FID on Inception's features):
/// |mx - my|^2 + tr(Sx + Sy - 2 (Sx Sy)^1/2), with covariances over n - 1.
/// </summary>
public static class FrechetDistance
{
    /// <summary>The distance, at least 0 but for rounding. With fewer samples than dimensions the covariances are singular and it says more about n than about the sets.</summary>
    /// <param name="x">A set.</param>
    /// <param name="y">Another of the same dimensions.</param>
    /// <exception cref="ArgumentException">The dimensions differ.</exception>
    public static double Between(FeatureSet x, FeatureSet y)
    {
        FeatureSet.RequireSameDimensions(x, y);
        var (meanX, covarianceX) = Moments(x);
        var (meanY, covarianceY) = Moments(y);
        // tr (Sx Sy)^1/2 = tr (Sx^1/2 Sy Sx^1/2)^1/2, whose operand is symmetric: real eigenvalues, and better conditioned than the product's own root.
        var root = Root(covarianceX);
        var cross = Eigenvalues(root * covarianceY * root).Sum(value => Math.Sqrt(Math.Max(0, value)));
        var apart = meanX - meanY;
        return apart * apart + covarianceX.Trace() + covarianceY.Trace() - 2 * cross;
    }

    /// <summary>Sum of a set's variances: the scale that rounding errors of a distance are measured by.</summary>
    /// <param name="set">The set.</param>
    public static double TotalVariance(FeatureSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return Moments(set).Covariance.Trace();
    }

    private static (Vector<double> Mean, Matrix<double> Covariance) Moments(FeatureSet set)
    {
        var samples = Matrix<double>.Build.DenseOfRowMajor(set.Samples, set.Dimensions, set.Values);
        var mean = samples.ColumnSums() / set.Samples;
        var centred = DenseMatrix.Create(set.Samples, set.Dimensions, (i, j) => samples[i, j] - mean[j]);
        return (mean, centred.TransposeThisAndMultiply(centred) / (set.Samples - 1));
    }

    private static Matrix<double> Root(Matrix<double> covariance)
    {
        var spectrum = covariance.Evd(Symmetricity.Symmetric);
        var roots = spectrum.EigenValues.Map(value => Math.Sqrt(Math.Max(0, value.Real)));
        return spectrum.EigenVectors * DiagonalMatrix.OfDiagonal(roots.Count, roots.Count, roots) * spectrum.EigenVectors.Transpose();
    }

    private static IEnumerable<double> Eigenvalues(Matrix<double> matrix) =>
        ((matrix + matrix.Transpose()) / 2).Evd(Symmetricity.Symmetric).EigenValues.Select(value => value.Real);
}
