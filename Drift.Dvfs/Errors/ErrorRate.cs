using System.Globalization;

namespace Drift.Dvfs;

/// <summary>What a rate counts.</summary>
public enum RateUnit
{
    /// <summary>Hits per element of the INT32 result: one bit of it flips.</summary>
    PerElement,

    /// <summary>Hits per bit of the accumulator that can flip.</summary>
    PerBit,

    /// <summary>Hits per multiply-accumulate; an element is the sum of K of them.</summary>
    PerMac,
}

/// <summary>A probability of being hit, with what it counts.</summary>
/// <param name="Value">The probability, 0..1.</param>
/// <param name="Unit">What it counts.</param>
/// <param name="Extrapolated">True where it was had by going on past the end of a table.</param>
public readonly record struct ErrorRate(double Value, RateUnit Unit = RateUnit.PerElement, bool Extrapolated = false)
{
    /// <summary>
    /// The same in another unit. Hits are independent, and an element counts as hit when any of its bits, or of its MACs, is: p = 1 - (1 - p_bit)^width
    /// = 1 - (1 - p_MAC)^K. That two bits of one element flip at once is left out: at 1e-2 an element it happens to one hit in two hundred.
    /// </summary>
    /// <param name="unit">The other unit.</param>
    /// <param name="depth">K, multiply-accumulates of an element, at least 1.</param>
    /// <param name="width">Bits of the accumulator that can flip, at least 1.</param>
    public ErrorRate To(RateUnit unit, int depth, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        var parts = (RateUnit unit) => unit switch { RateUnit.PerElement => 1, RateUnit.PerBit => width, _ => (double)depth };
        return unit == Unit ? this : this with { Value = Trials.AnyOf(Value, parts(Unit) / parts(unit)), Unit = unit };
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value:G4} {Words(Unit)}{(Extrapolated ? " (EXTRAPOLATED)" : "")}");

    /// <summary>A unit in words.</summary>
    /// <param name="unit">The unit.</param>
    public static string Words(RateUnit unit) => unit switch { RateUnit.PerElement => "per element", RateUnit.PerBit => "per bit", _ => "per MAC" };
}
