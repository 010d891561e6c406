using System.Numerics;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// The paper's rule (DRIFT, rollback-ABFT): a line is flagged when |observed - expected|, the difference taken modulo 2^32 and read as a signed INT32,
/// is at least a threshold.
/// </summary>
public sealed class ThresholdRule : IDetectionRule
{
    /// <summary>The paper's threshold, 2^10.</summary>
    public const int PaperThreshold = 1 << 10;

    private const int Chunk = 64;
    private readonly int _largestQuiet;

    /// <summary>A rule with a threshold.</summary>
    /// <param name="threshold">Smallest deviation that flags a line, at least 1; 1 flags every deviation there is.</param>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is below 1.</exception>
    public ThresholdRule(int threshold = PaperThreshold)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 1);
        Threshold = threshold;
        _largestQuiet = threshold - 1;
    }

    /// <summary>Smallest deviation that flags a line.</summary>
    public int Threshold { get; }

    /// <summary>How many deviations reach a threshold.</summary>
    /// <param name="deviations">Of lines, modulo 2^32.</param>
    /// <param name="threshold">Smallest that counts, at least 1.</param>
    public static int Count(ReadOnlySpan<int> deviations, int threshold)
    {
        var count = 0;
        foreach (var deviation in deviations)
            count += (uint)(deviation + threshold - 1) > 2 * (uint)(threshold - 1) ? 1 : 0;
        return count;
    }

    /// <summary>Judges a product by its deviations.</summary>
    /// <param name="deviations">Observed minus expected line sums, modulo 2^32.</param>
    /// <param name="finding">Takes the verdict; what it held before is forgotten.</param>
    public void Judge(LineSums deviations, Finding finding)
    {
        ArgumentNullException.ThrowIfNull(deviations);
        ArgumentNullException.ThrowIfNull(finding);
        finding.Reset(deviations.M, deviations.N, deviations.Tile);
        for (var i = 0; i < deviations.Rows.Length; i++)
        {
            if (Deviates(deviations.Rows[i]))
                finding.FlagRow(i / deviations.TileColumns, i % deviations.TileColumns);
        }

        for (var i = 0; i < deviations.Columns.Length; i++)
        {
            if (Deviates(deviations.Columns[i]))
                finding.FlagColumn(i / deviations.N, i % deviations.N);
        }
    }

    /// <summary>Judges a product by the deviations of the lines that its flips lie on; others have none.</summary>
    /// <param name="faults">The flips.</param>
    /// <param name="deviations">For each flip by how much its row segment deviates, then its column segment, modulo 2^32.</param>
    /// <param name="m">Rows of the product.</param>
    /// <param name="n">Columns of the product.</param>
    /// <param name="tile">Edge of a checksum tile, at least 1.</param>
    /// <param name="finding">Takes the verdict; what it held before is forgotten.</param>
    public void Judge(FaultPlan faults, ReadOnlySpan<int> deviations, int m, int n, int tile, Finding finding)
    {
        ArgumentNullException.ThrowIfNull(finding);
        ArgumentOutOfRangeException.ThrowIfLessThan(tile, 1);
        finding.Reset(m, n, tile);
        for (var i = 0; i < faults.Count; i++)
        {
            var flip = faults.All[i];
            if (Deviates(deviations[2 * i]))
                finding.FlagRow(flip.Row, flip.Column / tile);
            if (Deviates(deviations[2 * i + 1]))
                finding.FlagColumn(flip.Row / tile, flip.Column);
        }
    }

    /// <inheritdoc/>
    public void Judge(LineSums expected, LineSums observed, Finding finding)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(finding);
        int m = expected.M, n = expected.N, tile = expected.Tile;
        if ((m, n, tile) != (observed.M, observed.N, observed.Tile))
        {
            throw new ArgumentException(
                $"expected sums are of {m} x {n} in tiles of {tile}, observed ones of {observed.M} x {observed.N} in tiles of {observed.Tile}", nameof(observed));
        }

        finding.Reset(m, n, tile);
        if (tile == 0 || (expected.AreZero && observed.AreZero))
            return;

        var tileColumns = finding.TileColumns;
        for (var start = 0; start < m * tileColumns; start += Chunk)
        {
            for (var hits = Exceeding(expected.Rows[start..], observed.Rows[start..]); hits != 0; hits &= hits - 1)
            {
                var (row, tileColumn) = Math.DivRem(start + BitOperations.TrailingZeroCount(hits), tileColumns);
                finding.FlagRow(row, tileColumn);
            }
        }

        for (var tileRow = 0; tileRow < finding.TileRows; tileRow++)
        {
            ReadOnlySpan<int> wanted = expected.Columns.Slice(tileRow * n, n), found = observed.Columns.Slice(tileRow * n, n);
            for (var start = 0; start < n; start += Chunk)
            {
                for (var hits = Exceeding(wanted[start..], found[start..]); hits != 0; hits &= hits - 1)
                    finding.FlagColumn(tileRow, start + BitOperations.TrailingZeroCount(hits));
            }
        }
    }

    private bool Deviates(int deviation) => (uint)(deviation + _largestQuiet) > 2 * (uint)_largestQuiet;

    /// <summary>
    /// One bit for each of the first 64 sums that deviates too far. |d| >= T is asked as (uint)(d + T - 1) > 2 (T - 1): one comparison, and right for
    /// d = -2^31 too, whose magnitude no INT32 holds.
    /// </summary>
    private ulong Exceeding(ReadOnlySpan<int> expected, ReadOnlySpan<int> observed)
    {
        var length = Math.Min(Chunk, expected.Length);
        var width = 2 * (uint)_largestQuiet;
        ulong hits = 0;
        var i = 0;
        for (; i <= length - Vector512<int>.Count; i += Vector512<int>.Count)
        {
            var shifted = Vector512.Create(observed[i..]) - Vector512.Create(expected[i..]) + Vector512.Create(_largestQuiet);
            hits |= Vector512.GreaterThan(shifted.AsUInt32(), Vector512.Create(width)).ExtractMostSignificantBits() << i;
        }

        for (; i < length; i++)
        {
            if ((uint)(observed[i] - expected[i] + _largestQuiet) > width)
                hits |= 1UL << i;
        }

        return hits;
    }
}
