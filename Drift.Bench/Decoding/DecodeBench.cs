namespace Drift.Bench;

/// <summary>What checks and decoding take of a product's time. Shares are of the unchecked product's time in the same round, in percent: medians of all rounds. Measured.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="M">Rows.</param>
/// <param name="N">Output features.</param>
/// <param name="K">The summed dimension.</param>
/// <param name="Code">Which sums are taken.</param>
/// <param name="Rate">Hits per element, in all forms.</param>
/// <param name="Rounds">Rounds.</param>
/// <param name="PlainSeconds">The product without checks: median.</param>
/// <param name="Control">The product without checks a second time: what it differs from itself is what the bout cannot tell.</param>
/// <param name="Sums">What line sums add.</param>
/// <param name="Decoding">What norms, decoding and putting the corrections into effect add to that.</param>
/// <param name="All">All of it, with its quartiles.</param>
/// <param name="NanosecondsAFlip">Decoding, for each flip: median.</param>
/// <param name="ExactPercent">Flips taken back in products under all plans.</param>
internal sealed record DecodeTiming(string Layer, int M, int N, int K, string Code, double Rate, int Rounds, double PlainSeconds, double Control, double Sums, double Decoding, Quartiles All,
    double NanosecondsAFlip, double ExactPercent);

/// <summary>
/// Times INT8 products at DiT-XL shapes with the flips of a rate: as they are, and under every code with line sums, and with line sums read and the flips taken back, all in turn, in random order.
/// One thread.
/// </summary>
/// <param name="codes">The codes.</param>
/// <param name="rate">Hits per element.</param>
/// <param name="settings">How long a form is timed.</param>
/// <param name="cancellation">Stops between turns.</param>
internal sealed class DecodeBench(IReadOnlyList<Code> codes, double rate, DuelSettings settings, CancellationToken cancellation)
{
    // The product stands there twice, before the codes.
    private const int Plain = 0, Again = 1;

    /// <summary>Times every layer under every code.</summary>
    public IEnumerable<DecodeTiming> Run() => GemmLayer.DitXl.SelectMany(Time);

    private IEnumerable<DecodeTiming> Time(GemmLayer layer)
    {
        List<Func<DecodeOperands, DecodeSide>> forms = [operands => new DecodeSide(operands, null, false), operands => new DecodeSide(operands, null, false)];
        foreach (var code in codes)
            forms.AddRange([operands => new DecodeSide(operands, code, false), operands => new DecodeSide(operands, code, true)]);
        // What a form takes back is counted apart.
        var times = new Bout(BoutSettings.Of(settings, forms.Count), TimeProvider.System, cancellation).Run(() => new DecodeOperands(layer.Shape, codes, rate), forms, static (_, _) => { });
        using var operands = new DecodeOperands(layer.Shape, codes, rate);
        var (m, n, k) = layer.Shape;
        for (var i = 0; i < codes.Count; i++)
        {
            var sums = Again + 1 + 2 * i;
            var decoded = sums + 1;
            using var side = new DecodeSide(operands, codes[i], true);
            var control = times.Pair(Plain, Again);
            yield return new DecodeTiming(layer.Label, m, n, k, codes[i].Name, rate, control.Rounds, control.Ours, 100 * (control.Ratio.Median - 1),
                100 * Of(times, round => (round[sums] - round[Plain]) / round[Plain]).Median, 100 * Of(times, round => (round[decoded] - round[sums]) / round[Plain]).Median,
                Percent(Of(times, round => (round[decoded] - round[Plain]) / round[Plain])), 1e9 * Of(times, round => round[decoded] - round[sums]).Median / operands.Flips, side.Exact());
        }
    }

    /// <summary>Quartiles of a figure that each round gives, told the seconds of every form in it.</summary>
    private static Quartiles Of(BoutTimes times, Func<IReadOnlyList<double>, double> figure) =>
        Quartiles.Of([.. times.Placements.SelectMany(forms => Enumerable.Range(0, forms[Plain].Count).Select(round => figure([.. forms.Select(form => form[round])])))]);

    private static Quartiles Percent(Quartiles shares) => new(100 * shares.Lower, 100 * shares.Median, 100 * shares.Upper);
}
