namespace Drift.Bench;

/// <summary>A rival does not take a product: it lacks the form or the memory, and takes no other result along.</summary>
/// <param name="message">The rival and what it said.</param>
/// <param name="inner">What lay beneath, if anything.</param>
internal sealed class RivalRefusalException(string message, Exception? inner = null) : Exception(message, inner);
