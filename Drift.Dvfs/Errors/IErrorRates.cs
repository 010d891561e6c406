namespace Drift.Dvfs;

/// <summary>How often something is hit at an operating point. Immutable, for all threads.</summary>
public interface IErrorRates
{
    /// <summary>What it is called in messages and tables.</summary>
    string Name { get; }

    /// <summary>Where it has rates, in words.</summary>
    string Covered { get; }

    /// <summary>The rate at a point, with its unit; null where the model knows nothing.</summary>
    /// <param name="point">The point.</param>
    ErrorRate? Find(OperatingPoint point);

    /// <summary>The rate at a point.</summary>
    /// <param name="point">The point.</param>
    /// <exception cref="OperatingPointException">The model knows nothing there; it never guesses.</exception>
    ErrorRate At(OperatingPoint point) => Find(point) ?? throw new OperatingPointException($"{Name} has no error rate at {point}: expected {Covered}");
}
