using System.Globalization;
using System.Numerics;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Two products of the same operands differ: one of the two is wrong, and no time of it means anything.</summary>
internal sealed class DisagreementException(string message) : Exception(message);

/// <summary>Holds two products against each other before they are timed.</summary>
internal static class Agreement
{
    /// <summary>Runs both once and compares every value.</summary>
    /// <param name="ours">Ours.</param>
    /// <param name="other">The other.</param>
    /// <param name="shape">M, N and K.</param>
    /// <param name="tolerance">Largest difference allowed, as a share of the product's largest magnitude; 0 where both must be exact.</param>
    /// <exception cref="DisagreementException">They differ; the message says where.</exception>
    public static void Require<T>(IProduct<T> ours, IProduct<T> other, GemmShape shape, double tolerance)
        where T : unmanaged, INumber<T>
    {
        ours.Run();
        other.Run();
        double largest = 0;
        for (var i = 0; i < shape.M; i++)
        {
            foreach (var value in ours.Row(i))
                largest = Math.Max(largest, Math.Abs(double.CreateChecked(value)));
        }

        for (var i = 0; i < shape.M; i++)
        {
            var mine = ours.Row(i);
            var theirs = other.Row(i);
            for (var j = 0; j < shape.N; j++)
            {
                var difference = Math.Abs(double.CreateChecked(mine[j]) - double.CreateChecked(theirs[j]));
                // Written so that NaN fails.
                if (!(difference <= tolerance * largest))
                    throw new DisagreementException(string.Create(CultureInfo.InvariantCulture,
                        $"{shape}: {ours.Name} and {other.Name} differ at row {i}, column {j}: {mine[j]} and {theirs[j]}; nothing was timed"));
            }
        }
    }
}
