namespace Drift.Dvfs;

/// <summary>A point that an error model knows nothing about.</summary>
/// <param name="message">The point and the range that is known, in one line.</param>
public sealed class OperatingPointException(string message) : Exception(message);
