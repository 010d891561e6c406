using System.Globalization;
using Drift.Dvfs;
using Drift.Models;
using Parquet;
using Parquet.Schema;

namespace Drift.Bench;

/// <summary>A column of a trace, in CSV and in Parquet alike.</summary>
internal abstract class TraceColumn(DataField parquet)
{
    /// <summary>All columns. Times, joules and bytes are modelled; counts are measured.</summary>
    public static IReadOnlyList<TraceColumn> All { get; } =
    [
        new Number<int>("step", row => row.Site.Step),
        new Number<int>("block", row => row.Site.Block),
        new Text("role", row => $"{row.Site.Role}"),
        new Number<int>("index", row => row.Site.Index),
        new Text("kind", row => $"{row.Kind}".ToLowerInvariant()),
        new Number<double>("volts", row => PointOf(row)?.Voltage.Value),
        new Number<double>("gigahertz", row => PointOf(row)?.Frequency.Gigahertz),
        new Number<int>("faults", row => row.Events?.Faults ?? 0),
        new Number<int>("flagged", row => row.Events?.Flagged ?? 0),
        new Number<int>("mended", row => row.Mended),
        new Number<long>("macs", row => row.Cost.Macs),
        new Number<long>("checksumMacs", row => row.Cost.ChecksumMacs),
        new Number<double>("computeJoules", row => row.Cost.ComputeEnergy.Value),
        new Number<double>("checkJoules", row => row.Cost.CheckEnergy.Value),
        new Number<double>("repeatJoules", row => row.Cost.RepeatEnergy.Value),
        new Number<double>("logicJoules", row => row.Cost.LogicEnergy.Value),
        new Number<double>("sramJoules", row => row.Cost.SramEnergy.Value),
        new Number<double>("leakageJoules", row => row.Cost.LeakageEnergy.Value),
        new Number<double>("transitionJoules", row => row.Cost.TransitionEnergy.Value),
        new Number<long>("transitions", row => row.Cost.Transitions),
        new Number<double>("memoryJoules", row => row.Cost.MemoryEnergy.Value),
        new Number<long>("bytes", row => row.Cost.Moved.Value),
        new Number<long>("cycles", row => row.Cost.Cycles),
        new Number<double>("seconds", row => row.Cost.Time.Value),
    ];

    /// <summary>The column in Parquet's terms; its name is the one of both forms.</summary>
    public DataField Field => parquet;

    /// <summary>Where work executed; null for transfers, whose memory has a supply of its own.</summary>
    public static OperatingPoint? PointOf(TraceRow row) => row.Events?.Point ?? (row.Kind is ChargeKind.Untouched or ChargeKind.Attention ? OperatingPoint.Nominal : null);

    /// <summary>A value as CSV has it; empty where there is none.</summary>
    public abstract string TextOf(TraceRow row);

    /// <summary>Writes the column.</summary>
    public abstract Task Write(ParquetRowGroupWriter group, IReadOnlyList<TraceRow> rows);

    private sealed class Text(string name, Func<TraceRow, string> value) : TraceColumn(new DataField(name, typeof(string), false))
    {
        public override string TextOf(TraceRow row) => value(row);

        public override Task Write(ParquetRowGroupWriter group, IReadOnlyList<TraceRow> rows) => group.WriteAsync(Field, [.. rows.Select(value)]);
    }

    /// <summary>Doubles are written so that they read back to the same bits.</summary>
    private sealed class Number<T>(string name, Func<TraceRow, T?> value) : TraceColumn(new DataField(name, typeof(T), true))
        where T : struct, IFormattable
    {
        public override string TextOf(TraceRow row) => value(row)?.ToString(null, CultureInfo.InvariantCulture) ?? "";

        public override Task Write(ParquetRowGroupWriter group, IReadOnlyList<TraceRow> rows) => group.WriteAsync<T>(Field, rows.Select(value).ToArray().AsMemory());
    }
}
