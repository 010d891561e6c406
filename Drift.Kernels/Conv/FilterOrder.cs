namespace Drift.Kernels;

/// <summary>Filters between PyTorch's order and the window's.</summary>
public static class FilterOrder
{
    /// <summary>[filters, channels, kernel, kernel] to [filters, kernel, kernel, channels], so that a filter is a row of weights over the window.</summary>
    /// <typeparam name="T">Type of the values.</typeparam>
    /// <param name="filters">The values.</param>
    /// <param name="channels">Channels that a filter sees.</param>
    /// <param name="kernel">Edge of the window.</param>
    /// <exception cref="ArgumentException">The values are not whole filters.</exception>
    public static T[] OverWindow<T>(ReadOnlySpan<T> filters, int channels, int kernel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(kernel, 1);
        var taps = kernel * kernel;
        if (filters.Length % (taps * channels) != 0)
            throw new ArgumentException($"{filters.Length} values are not whole filters of {channels} channels and {kernel} x {kernel}", nameof(filters));
        var window = new T[filters.Length];
        for (var plane = 0; plane < filters.Length / taps; plane++)
        {
            var (filter, channel) = Math.DivRem(plane, channels);
            for (var tap = 0; tap < taps; tap++)
                window[(filter * taps + tap) * channels + channel] = filters[plane * taps + tap];
        }

        return window;
    }
}
