using System.Globalization;

namespace Drift.Dvfs;

/// <summary>A supply voltage.</summary>
/// <param name="Value">Volts.</param>
public readonly record struct Volts(double Value)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value} V");
}

/// <summary>A clock frequency.</summary>
/// <param name="Value">Hertz.</param>
public readonly record struct Hertz(double Value)
{
    /// <summary>The frequency in gigahertz.</summary>
    public double Gigahertz => Value / 1e9;

    /// <summary>A frequency given in gigahertz.</summary>
    /// <param name="value">Gigahertz.</param>
    public static Hertz FromGigahertz(double value) => new(value * 1e9);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Gigahertz} GHz");
}

/// <summary>An amount of energy.</summary>
/// <param name="Value">Joules.</param>
public readonly record struct Joules(double Value)
{
    /// <summary>The sum of two energies.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static Joules operator +(Joules a, Joules b) => new(a.Value + b.Value);

    /// <summary>So many times an energy.</summary>
    /// <param name="count">How many times.</param>
    /// <param name="each">The energy of one.</param>
    public static Joules operator *(double count, Joules each) => new(count * each.Value);

    /// <summary>How many times one energy is another.</summary>
    /// <param name="a">The energy.</param>
    /// <param name="b">What it is compared with.</param>
    public static double operator /(Joules a, Joules b) => a.Value / b.Value;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value} J");
}

/// <summary>A power.</summary>
/// <param name="Value">Watts.</param>
public readonly record struct Watts(double Value)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value} W");
}

/// <summary>A length of time.</summary>
/// <param name="Value">Seconds.</param>
public readonly record struct Seconds(double Value)
{
    /// <summary>The sum of two times.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static Seconds operator +(Seconds a, Seconds b) => new(a.Value + b.Value);

    /// <summary>How many times one time is another.</summary>
    /// <param name="a">The time.</param>
    /// <param name="b">What it is compared with.</param>
    public static double operator /(Seconds a, Seconds b) => a.Value / b.Value;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value} s");
}

/// <summary>An amount of data.</summary>
/// <param name="Value">Bytes.</param>
public readonly record struct Bytes(long Value)
{
    /// <summary>The sum of two amounts.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static Bytes operator +(Bytes a, Bytes b) => new(a.Value + b.Value);

    /// <summary>How long an amount takes.</summary>
    /// <param name="amount">The amount.</param>
    /// <param name="rate">How fast it goes.</param>
    public static Seconds operator /(Bytes amount, BytesPerSecond rate) => new(amount.Value / rate.Value);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value} B");
}

/// <summary>How fast data moves.</summary>
/// <param name="Value">Bytes a second.</param>
public readonly record struct BytesPerSecond(double Value)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value} B/s");
}
