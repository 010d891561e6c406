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

    [TestCase(1, 1)]
    [TestCase(37, 1)]
    [TestCase(37, 2)]
    [TestCase(1152, 2)]
    [TestCase(20_000, 2)]
    public void Watched_work_is_done_once_a_row_and_looked_at_everywhere(int width, int threads)
    {
        var (rows, bad) = (Math.Max(7, 200_000 / width), -1);
        var result = new float[rows * width];
        var done = new int[rows];
        void Work(int first, int end)
        {
            for (var row = first; row < end; row++)
            {
                Interlocked.Increment(ref done[row]);
                result.AsSpan(row * width, width).Fill(row == bad ? float.NaN : row);
            }
        }

        RangeGuard.Watch(result, width, "the result", threads, Work);
        Assert.That(done, Has.All.EqualTo(1));
        foreach (var row in new[] { 0, 4, rows / 2, rows - 1 })
        {
            bad = row;
            Assert.That(() => RangeGuard.Watch(result, width, "the result", threads, Work), Throws.ArgumentException.With.Message.EqualTo(
                $"the result: {width} NaN and 0 infinite values, the first at {row * width}; expected finite values"));
        }

        Assert.That(() => RangeGuard.Watch(result, result.Length - 1, "the result", threads, Work), Throws.ArgumentException.With.Message.Contains($"{result.Length} values are not whole rows"));
    }

    [Test]
    public void The_message_counts_them()
    {
        var values = new float[200_000];
        (values[7], values[150_000], values[199_999]) = (float.PositiveInfinity, float.NaN, float.NaN);
        Assert.That(() => RangeGuard.RequireFinite(values, "the result", 2), Throws.ArgumentException.With.Message.EqualTo("the result: 2 NaN and 1 infinite values, the first at 7; expected finite values"));
    }
}
