using System.Runtime.Intrinsics;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public class VectorMathTests
{
    [Test]
    public void Exp_is_right_to_a_few_units_in_the_last_place_over_its_whole_range()
    {
        var worst = 0.0;
        for (var x = -87.3f; x < 88.7f; x += 0.00137f)
        {
            var exact = Math.Exp(x);
            worst = Math.Max(worst, Math.Abs(Exp(x) - exact) / exact);
        }

        Assert.That(worst, Is.LessThan(2e-7));
    }

    [Test]
    public void Exp_has_no_surprises_at_the_ends()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Exp(0), Is.EqualTo(1f));
            Assert.That(Exp(-88), Is.Zero);
            Assert.That(Exp(-1e30f), Is.Zero);
            Assert.That(Exp(float.NegativeInfinity), Is.Zero);
            Assert.That(Exp(100), Is.EqualTo(float.MaxValue).Within(1e-5).Percent.Or.EqualTo(Exp(1e30f)));
            Assert.That(float.IsFinite(Exp(float.PositiveInfinity)));
            Assert.That(Exp(float.NaN), Is.NaN);
            Assert.That(Exp(BitConverter.UInt32BitsToSingle(0xFFFFFFFF)), Is.NaN);
        });
    }

    [Test]
    public void The_largest_lane_wins_and_NaN_does_not()
    {
        var values = new float[16];
        for (var lane = 0; lane < 16; lane++)
        {
            Array.Fill(values, -2f);
            values[(lane + 5) % 16] = float.NaN;
            values[lane] = 3;
            Assert.That(VectorMath.Max(Vector512.Create(values)), Is.EqualTo(3f));
        }
    }

    [Test]
    public void A_short_load_and_store_touch_only_what_is_there()
    {
        var target = new float[5];
        VectorMath.Store(VectorMath.Load([1, 2, 3], fill: 9), target.AsSpan(0, 4));
        Assert.That(target, Is.EqualTo(new float[] { 1, 2, 3, 9, 0 }));
    }

    private static float Exp(float x) => VectorMath.Exp(Vector512.Create(x)).GetElement(7);
}
