using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class RangeGuardTests
{
    // Enough values for the last length that threads share them.
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(63)]
    [TestCase(200)]
    [TestCase(300_001)]
    public void Every_place_is_looked_at_by_every_number_of_threads(int count)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = i % 2 == 0 ? float.MaxValue : -float.Epsilon;
        foreach (var threads in new[] { 1, 2, 3 })
        {
            Assert.That(RangeGuard.AllFinite(values, threads), $"{threads} threads");
            Assert.That(RangeGuard.Examine(values, threads), Is.EqualTo(NonFinite.None));
            foreach (var place in new[] { 0, 1, 62, 64, 127, count / 2, count - 2, count - 1 }.Where(place => place >= 0 && place < count).Distinct())
            {
                foreach (var bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
                {
                    var before = values[place];
                    values[place] = bad;
                    Assert.That(RangeGuard.AllFinite(values, threads), Is.False, $"{bad} at {place}, {threads} threads");
                    Assert.That(RangeGuard.Examine(values, threads), Is.EqualTo(new NonFinite(float.IsNaN(bad) ? 1 : 0, float.IsNaN(bad) ? 0 : 1, place)));
                    values[place] = before;
                }
            }
        }
    }

    [Test]
    public void The_message_counts_them()
    {
        var values = new float[200_000];
        (values[7], values[150_000], values[199_999]) = (float.PositiveInfinity, float.NaN, float.NaN);
        Assert.That(() => RangeGuard.RequireFinite(values, "the result", 2), Throws.ArgumentException.With.Message.EqualTo("the result: 2 NaN and 1 infinite values, the first at 7; expected finite values"));
    }
}
