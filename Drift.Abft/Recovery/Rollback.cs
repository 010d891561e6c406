using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// The paper's recovery (DRIFT, rollback-ABFT, rules 3 and 4): every masked element takes the value that the same layer had at its last checkpoint, old INT8 x old
/// scale, or 0 where there is none. Nothing is recomputed.
/// </summary>
/// <remarks>
/// Memory is read in bursts: each flagged row of a tile with masked elements fetches the whole row segment of the tile, which is one 32-byte burst in
/// tiles of 32 INT8 values. Without a checkpoint nothing is fetched.
/// </remarks>
public sealed class Rollback : IRecovery
{
    /// <inheritdoc/>
    public void Prepare(Finding finding, Checkpoint? checkpoint)
    {
        ArgumentNullException.ThrowIfNull(finding);
        if (checkpoint is null)
            return;
        foreach (var tile in finding.MaskedTiles)
        {
            foreach (var row in tile.Rows)
                checkpoint.Prefetch(row, tile.Columns.First);
        }
    }

    /// <inheritdoc/>
    public Repair Mend(Finding finding, Checkpoint? checkpoint, LayerOutput output)
    {
        ArgumentNullException.ThrowIfNull(finding);
        var (m, n) = (output.M, output.N);
        if ((finding.M, finding.N) != (m, n))
            throw new ArgumentException($"a verdict on {finding.M} x {finding.N} does not fit an output of {m} x {n}", nameof(finding));
        if (checkpoint is not null && (checkpoint.M, checkpoint.N) != (m, n))
            throw new ArgumentException($"a checkpoint of {checkpoint.M} x {checkpoint.N} does not fit an output of {m} x {n}", nameof(checkpoint));
        var repair = default(Repair);
        foreach (var tile in finding.MaskedTiles)
        {
            foreach (var row in tile.Rows)
            {
                var values = output.Values.Slice(row * n, n);
                Restore(checkpoint, row, tile, values);
                if (!output.Codes.IsEmpty)
                    Encode(values, output.Scales[output.Scales.Length == 1 ? 0 : row], tile.Columns, output.Codes.Slice(row * n, n));
            }

            repair += new Repair(tile.Masked, checkpoint is null ? 0 : (long)tile.Rows.Count * tile.Width * checkpoint.BytesPerElement);
        }

        return repair;
    }

    /// <summary>
    /// Sixteen columns at a time, flagged or not: how many columns a tile flags is anybody's guess, and a branch on it would mostly be guessed wrong.
    /// </summary>
    private static void Restore(Checkpoint? checkpoint, int row, TileFinding tile, Span<float> values)
    {
        var bits = Vector512.Create(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
        for (var group = 0; group * VectorMath.Lanes < tile.Width; group++)
        {
            var flagged = tile.Columns.Sixteen(group);
            if (flagged == 0)
                continue;
            var first = tile.Columns.First + group * VectorMath.Lanes;
            var target = values.Slice(first, Math.Min(VectorMath.Lanes, tile.Width - group * VectorMath.Lanes));
            var old = checkpoint is null ? Vector512<float>.Zero : checkpoint.Lanes(row, first, target.Length);
            var mask = Vector512.GreaterThan(Vector512.Create((int)flagged) & bits, Vector512<int>.Zero).AsSingle();
            VectorMath.Store(Vector512.ConditionalSelect(mask, old, VectorMath.Load(target)), target);
        }
    }

    /// <summary>Mended values in the scale of the day; where both scales are the same, the old codes come back bit for bit.</summary>
    private static void Encode(ReadOnlySpan<float> values, float scale, FlaggedLines columns, Span<sbyte> codes)
    {
        var rounding = new CodeRounder(scale);
        foreach (var column in columns)
            codes[column] = (sbyte)rounding.Round(values[column]);
    }
}
