using System.Globalization;
using Drift.Dvfs;
using ScottPlot;

namespace Drift.Bench;

/// <summary>Isolines of an error model, drawn.</summary>
/// <param name="Name">The model.</param>
/// <param name="Unit">What its rates count.</param>
/// <param name="Extrapolated">True where it was allowed past its table.</param>
/// <param name="Lines">A line a rate: clocks by voltage, null where it is not reached or not known.</param>
internal sealed record IsolineChart(string Name, RateUnit Unit, bool Extrapolated, IReadOnlyList<(double Rate, Hertz?[] Clocks)> Lines)
{
    private const int Width = 900, Height = 600, MillivoltStep = 5, RowStep = 10;
    private const double LowestClock = 1.6, HighestClock = 3.6;
    private static readonly double[] Voltages = [.. Enumerable.Range(0, 101).Select(i => .6 + i * MillivoltStep / 1000.0)];

    /// <summary>Follows the lines over the paper's grid, 0.6..1.1 V and 1.6..3.6 GHz.</summary>
    public static IsolineChart Of(IErrorRates rates, IReadOnlyList<double> levels, bool extrapolated) => new(
        rates.Name,
        rates.At(OperatingPoint.Nominal).Unit,
        extrapolated,
        [.. levels.Select(level => (level, Voltages.Select(volts =>
            Isoline.Clock(rates, level, new Volts(volts), Hertz.FromGigahertz(LowestClock), Hertz.FromGigahertz(HighestClock))).ToArray()))]);

    /// <summary>A row every 50 mV.</summary>
    public IEnumerable<(double Volts, IEnumerable<Hertz?> Clocks)> Rows() =>
        Enumerable.Range(0, Voltages.Length).Where(i => i % RowStep == 0).Select(i => (Voltages[i], Lines.Select(line => line.Clocks[i])));

    /// <summary>The picture.</summary>
    public byte[] ToPng()
    {
        using var plot = new Plot();
        foreach (var (rate, clocks) in Lines)
        {
            var known = Voltages.Zip(clocks).Where(point => point.Second is not null).ToArray();
            if (known.Length == 0)
                continue;
            var line = plot.Add.Scatter(known.Select(point => point.First).ToArray(), known.Select(point => point.Second!.Value.Gigahertz).ToArray());
            (line.LineWidth, line.MarkerSize) = (2, 0);
            line.LegendText = string.Create(CultureInfo.InvariantCulture, $"{rate:0.#E+0} {ErrorRate.Words(Unit)}");
        }

        var nominal = plot.Add.Marker(OperatingPoint.Nominal.Voltage.Value, OperatingPoint.Nominal.Frequency.Gigahertz);
        (nominal.Color, nominal.LegendText) = (Colors.Black, "nominal point");
        plot.XLabel("supply voltage, V");
        plot.YLabel("clock, GHz");
        plot.Title($"Error rates over voltage and clock: {Name}{(Extrapolated ? ", EXTRAPOLATED past its table" : "")}");
        plot.Axes.SetLimits(Voltages[0], Voltages[^1], LowestClock, HighestClock);
        plot.ShowLegend(Alignment.UpperLeft);
        return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }
}
