using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Rollback that looks ahead: a masked element takes the value that its layer's last checkpoints lead to at the step at work. Order 1 goes on in a straight line. Order 2 is the Taylor forecast of TaylorSeer
/// (arXiv 2503.06923): v + v' k + v'' k^2 / 2, k steps after the last checkpoint, its derivatives from backward differences. With fewer checkpoints than that takes, the order falls.
/// </summary>
public sealed class Extrapolation : IRecovery
{
    private const float LargestValue = 60000;

    /// <summary>A forecast.</summary>
    /// <param name="order">1 for a straight line, 2 for a parabola.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another order.</exception>
    public Extrapolation(int order)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, 2);
        Order = order;
    }

    /// <summary>1 or 2.</summary>
    public int Order { get; }

    /// <inheritdoc/>
    public int Checkpoints => Order + 1;

    /// <inheritdoc/>
    public void Prepare(Finding finding, Checkpoint? checkpoint)
    {
    }

    /// <inheritdoc/>
    public Repair Mend(Finding finding, Checkpoint? checkpoint, LayerOutput output)
    {
        ArgumentNullException.ThrowIfNull(finding);
        var repair = default(Repair);
        foreach (var tile in finding.MaskedTiles)
        {
            foreach (var row in tile.Rows)
            {
                foreach (var column in tile.Columns)
                    Restore(checkpoint, row, column, output);
            }

            var fetched = 0;
            for (var (kept, left) = (checkpoint, Checkpoints); kept is not null && left > 0; (kept, left) = (kept.Earlier, left - 1))
                fetched += kept.BytesPerElement;
            repair += new Repair(tile.Masked, (long)tile.Rows.Count * tile.Width * fetched);
        }

        return repair;
    }

    private void Restore(Checkpoint? checkpoint, int row, int column, LayerOutput output)
    {
        var limit = output.IsWide ? LargestValue : CodeRounder.LargestCode * output.Scales[output.Scales.Length == 1 ? 0 : row];
        var value = checkpoint is null ? 0 : Math.Clamp(Forecast(checkpoint, row, column, output.Step), -limit, limit);
        output.Values[row * output.N + column] = value;
        if (!output.Codes.IsEmpty)
            output.Codes[row * output.N + column] = (sbyte)new CodeRounder(output.Scales[output.Scales.Length == 1 ? 0 : row]).Round(value);
    }

    private float Forecast(Checkpoint last, int row, int column, int step)
    {
        var value = last.Value(row, column);
        if (last.Earlier is not { } second)
            return value;
        float ahead = step - last.Step, gap = last.Step - second.Step;
        var slope = (value - second.Value(row, column)) / gap;
        if (Order == 1 || second.Earlier is not { } third)
            return value + slope * ahead;
        float earlierGap = second.Step - third.Step;
        var bend = (slope - (second.Value(row, column) - third.Value(row, column)) / earlierGap) / ((gap + earlierGap) / 2);
        return value + slope * ahead + bend * ahead * ahead / 2;
    }
}
