namespace Drift.Dvfs;

/// <summary>
/// For each rate of a table the curve of the clocks at which it lies, on a lattice of voltages; between the voltages ln f is linear. An isoline's curve goes through its points; any other
/// rate's lies between its neighbours' as its logarithm does, moved so that it meets both nominal lines where they have that rate.
/// </summary>
internal sealed class SurfaceCurves
{
    private readonly double[] _volts;
    private readonly double[] _rates;

    /// <summary>ln f by rate and voltage; never falling along either.</summary>
    private readonly double[][] _logClock;

    /// <summary>ln of the highest safe clock by voltage, below the lowest rate's curve.</summary>
    private readonly double[] _logSafe;

    /// <summary>Works the curves out.</summary>
    public SurfaceCurves(OperatingPoints points)
    {
        var (voltage, frequency) = (points.Voltage, points.Frequency);
        _rates = [.. points.Rows.Select(row => row.Rate).Where(rate => rate > 0).Distinct().Order()];
        var nominal = OperatingPoint.Nominal;
        var isolines = points.Rows
            .Where(row => !OperatingPoints.IsNominal(row.Point.Frequency) && !OperatingPoints.IsNominal(row.Point.Voltage))
            .GroupBy(row => row.Rate, row => (Volts: row.Point.Voltage.Value, LogClock: Math.Log(row.Point.Frequency.Value)))
            .ToDictionary(line => line.Key, line => line.ToList());
        var anchors = _rates.ToDictionary(rate => rate, rate => new LineAnchors(
            voltage.Place(rate), Math.Log(nominal.Frequency.Value), nominal.Voltage.Value, Math.Log(frequency.Place(rate) ?? Beyond(frequency, rate))));
        foreach (var (rate, line) in isolines)
        {
            line.AddRange(anchors[rate].Points());
            line.Sort();
        }

        _volts = [.. points.Rows.Select(row => row.Point.Voltage.Value).Concat(anchors.Values.SelectMany(anchor => anchor.Points().Select(at => at.Volts))).Distinct().Order()];
        var levels = isolines.Keys.Order().ToArray();
        _logClock = [.. _rates.Select(rate => _volts.Select(volts => LogClock(volts, rate, levels, isolines, anchors[rate])).ToArray())];
        MonotoneLattice.Fit(_logClock, _rates, _volts, points.Rows);
        _logSafe = [.. SafeClocks(voltage, frequency)];
    }

    /// <summary>The highest rate that any point of the table has.</summary>
    public double HighestRate => _rates[^1];

    /// <summary>The rate at a point; null above the highest rate's curve.</summary>
    public double? Rate(double volts, double hertz)
    {
        var (clock, at) = (Math.Log(hertz), Locate(volts));
        var above = Array.FindIndex(_logClock, curve => On(curve, at) >= clock);
        if (above < 0)
            return null;
        var upper = On(_logClock[above], at);
        if (upper == clock)
            return _rates[LastOn(above, clock, at)];
        if (above == 0)
        {
            var safe = On(_logSafe, at);
            return clock <= safe ? 0 : _rates[0] * (Math.Exp(clock) - Math.Exp(safe)) / (Math.Exp(upper) - Math.Exp(safe));
        }

        var lower = On(_logClock[above - 1], at);
        return _rates[above - 1] * Math.Pow(_rates[above] / _rates[above - 1], (clock - lower) / (upper - lower));
    }

    /// <summary>The rate anywhere: curves go on as they end, and above the highest the rate goes on as between the last two, as far as 1.</summary>
    public double Extrapolated(double volts, double hertz)
    {
        if (Rate(volts, hertz) is { } inside)
            return inside;
        var at = Locate(volts);
        var (lower, upper) = (On(_logClock[^2], at), On(_logClock[^1], at));
        return Math.Min(1, _rates[^1] * Math.Pow(_rates[^1] / _rates[^2], (Math.Log(hertz) - upper) / Math.Max(1e-6, upper - lower)));
    }

    /// <summary>Curves that touch: the highest rate counts.</summary>
    private int LastOn(int first, double clock, (int, double) at)
    {
        while (first + 1 < _rates.Length && On(_logClock[first + 1], at) == clock)
            first++;
        return first;
    }

    private (int Right, double Part) Locate(double volts)
    {
        var right = Math.Clamp(Array.FindIndex(_volts, at => at >= volts) is var found and >= 0 ? found : _volts.Length - 1, 1, _volts.Length - 1);
        return (right, (volts - _volts[right - 1]) / (_volts[right] - _volts[right - 1]));
    }

    // At a lattice voltage the value itself, so that a table's own points come back exactly.
    private static double On(double[] curve, (int Right, double Part) at) => at.Part switch
    {
        0 => curve[at.Right - 1],
        1 => curve[at.Right],
        _ => curve[at.Right - 1] + (curve[at.Right] - curve[at.Right - 1]) * at.Part,
    };

    /// <summary>Where the clock line would have a rate past its end, as its last two points go on; it only lends a curve its slope.</summary>
    private static double Beyond(ErrorLine line, double rate)
    {
        var (a, b) = rate > line.Points[^1].Rate ? (line.Points[^2], line.Points[^1]) : (line.Points.First(point => point.Rate > 0), line.Points.Where(point => point.Rate > 0).ElementAt(1));
        return a.At + (b.At - a.At) * Math.Log(rate / a.Rate) / Math.Log(b.Rate / a.Rate);
    }

    private static double LogClock(double volts, double rate, double[] levels, Dictionary<double, List<(double Volts, double LogClock)>> isolines, LineAnchors anchors)
    {
        if (isolines.TryGetValue(rate, out var own))
            return Along(own, volts);
        // Moved by what it misses at the two lines, in between in proportion.
        double Missing(double at, double clock) => clock - Between(at);
        double Between(double at)
        {
            var upper = Math.Clamp(Array.FindIndex(levels, level => level > rate) is var found and >= 0 ? found : levels.Length - 1, Math.Min(1, levels.Length - 1), levels.Length - 1);
            var lower = Math.Max(0, upper - 1);
            if (lower == upper || rate > levels[upper])
                return Along(isolines[levels[upper]], at);
            if (rate < levels[lower])
                return Along(isolines[levels[lower]], at);
            var part = Math.Log(rate / levels[lower]) / Math.Log(levels[upper] / levels[lower]);
            return Along(isolines[levels[lower]], at) * (1 - part) + Along(isolines[levels[upper]], at) * part;
        }

        var atVoltage = Missing(anchors.Voltage, anchors.LogClockThere);
        if (anchors.LineVoltage is not { } line)
            return Between(volts) + atVoltage;
        var atLine = Missing(line, anchors.LogClockOfLine);
        var share = Math.Clamp((volts - line) / (anchors.Voltage - line), 0, 1);
        return Between(volts) + atLine + (atVoltage - atLine) * share;
    }

    private static double Along(List<(double Volts, double LogClock)> points, double volts)
    {
        var right = Math.Clamp(points.FindIndex(point => point.Volts >= volts) is var found and >= 0 ? found : points.Count - 1, 1, points.Count - 1);
        var (a, b) = (points[right - 1], points[right]);
        return b.Volts == volts ? b.LogClock : a.LogClock + (b.LogClock - a.LogClock) * (volts - a.Volts) / (b.Volts - a.Volts);
    }

    /// <summary>Between the two lines' safe ends straight, outside them in proportion to the lowest rate's curve.</summary>
    private IEnumerable<double> SafeClocks(ErrorLine voltage, ErrorLine frequency)
    {
        var safeVolts = voltage.Points.Where(point => point.Rate == 0).Select(point => point.At).DefaultIfEmpty(voltage.Largest).First();
        var safeClock = Math.Log(frequency.Points.Where(point => point.Rate == 0).Select(point => point.At).DefaultIfEmpty(frequency.Smallest).Last());
        var (nominalClock, nominalVolts) = (Math.Log(OperatingPoint.Nominal.Frequency.Value), OperatingPoint.Nominal.Voltage.Value);
        double Lowest(double volts) => On(_logClock[0], Locate(volts));
        foreach (var volts in _volts)
        {
            var share = safeVolts < nominalVolts ? Math.Clamp((volts - safeVolts) / (nominalVolts - safeVolts), 0, 1) : 1;
            var straight = nominalClock + (safeClock - nominalClock) * share;
            var below = share <= 0 ? nominalClock - Lowest(safeVolts) : share >= 1 ? safeClock - Lowest(nominalVolts) : 0;
            yield return Math.Min(Lowest(volts), share is > 0 and < 1 ? straight : Lowest(volts) + below);
        }
    }

    /// <summary>Where a rate lies on the two nominal lines.</summary>
    private sealed record LineAnchors(double? LineVoltage, double LogClockOfLine, double Voltage, double LogClockThere)
    {
        public IEnumerable<(double Volts, double LogClock)> Points()
        {
            if (LineVoltage is { } line)
                yield return (line, LogClockOfLine);
            yield return (Voltage, LogClockThere);
        }
    }
}
