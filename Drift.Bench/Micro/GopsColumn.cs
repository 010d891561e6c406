using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Billions of operations a second; a multiply-accumulate counts as two. Checks are overhead and count as none.</summary>
internal sealed class GopsColumn : IColumn
{
    /// <inheritdoc/>
    public string Id => nameof(GopsColumn);

    /// <inheritdoc/>
    public string ColumnName => "GOP/s";

    /// <inheritdoc/>
    public bool AlwaysShow => true;

    /// <inheritdoc/>
    public ColumnCategory Category => ColumnCategory.Custom;

    /// <inheritdoc/>
    public int PriorityInCategory => 0;

    /// <inheritdoc/>
    public bool IsNumeric => true;

    /// <inheritdoc/>
    public UnitType UnitType => UnitType.Dimensionless;

    /// <inheritdoc/>
    public string Legend => "2 M N K / mean time";

    /// <inheritdoc/>
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        var shape = (GemmShape)benchmarkCase.Parameters[nameof(GemmBenchmarks.Shape)];
        return summary[benchmarkCase]?.ResultStatistics is { } statistics
            ? (2.0 * shape.Macs / statistics.Mean).ToString("F1", CultureInfo.InvariantCulture)
            : "-";
    }

    /// <inheritdoc/>
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    /// <inheritdoc/>
    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    /// <inheritdoc/>
    public bool IsAvailable(Summary summary) => true;
}
