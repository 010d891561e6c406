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
            Assert.That(Falling(0), Is.EqualTo(1f));
            Assert.That(Falling(-88), Is.InRange(0, 1.2e-38f));
            Assert.That(Falling(-1e30f), Is.InRange(0, 1.2e-38f));
            Assert.That(Falling(float.NegativeInfinity), Is.InRange(0, 1.2e-38f));
            Assert.That(Falling(float.NaN), Is.NaN);
            Vector512<float> a = Vector512.Create(3f), b = a, c = Vector512.Create(float.NaN), d = Vector512.Create(1f);
            FourVectors.TimesSigmoid(ref a, ref b, ref c, ref d, Vector512.Create(1e30f), Vector512.Create(-1e30f), Vector512.Create(1f), Vector512<float>.Zero);
            Assert.That(a.ToScalar(), Is.EqualTo(3f));
            Assert.That(b.ToScalar(), Is.EqualTo(0f).Within(1e-30f));
            Assert.That(c.ToScalar(), Is.NaN);
            Assert.That(d.ToScalar(), Is.EqualTo(0.5f));
        });
    }

    [Test]
    public void Four_vectors_have_the_bits_of_each_alone()
    {
        for (var x = -90f; x < 0.5f; x += 0.0137f)
        {
            Vector512<float> a = Vector512.Create(x), b = a * 0.37f, c = a * 0.011f, d = Vector512.Create(float.NegativeInfinity);
            var alone = new[] { a, b, c, d }.Select(VectorMath.ExpOfNonPositive).ToArray();
            FourVectors.ExpOfNonPositive(ref a, ref b, ref c, ref d);
            Assert.That(new[] { a, b, c, d }.SequenceEqual(alone), $"at {x}");
        }
    }

    // Values that differ from vector to vector and from lane to lane: none can take another's place.
    private static readonly Vector512<float> Ramp = Vector512.ConvertToSingle(Vector512<int>.Indices) * 0.0173f;

    [Test]
    public void Four_exponentials_have_the_bits_of_each_alone()
    {
        for (var x = -87f; x < 87.5f; x += 0.0371f)
        {
            Vector512<float> a = Vector512.Create(x) + Ramp, b = a * 0.37f, c = a * -0.611f, d = a * 0.9f;
            var alone = new[] { a, b, c, d }.Select(VectorMath.ExpOfBounded).ToArray();
            FourVectors.ExpOfBounded(ref a, ref b, ref c, ref d);
            Assert.That(new[] { a, b, c, d }.SequenceEqual(alone), $"at {x}");
        }
    }

    [Test]
    public void Four_sigmoids_have_the_bits_of_each_alone()
    {
        for (var y = -95f; y < 95f; y += 0.0371f)
        {
            Vector512<float>[] ys = [Vector512.Create(y) + Ramp, Vector512.Create(y * 0.37f) + Ramp, Vector512.Create(y * -0.011f) + Ramp, Vector512.Create(y * 1.7f) + Ramp];
            Vector512<float> a = ys[0] * 0.3f, b = ys[1] * -2, c = ys[2], d = ys[3] * 0.7f;
            var alone = new[] { a, b, c, d }.Zip(ys, Alone).ToArray();
            FourVectors.TimesSigmoid(ref a, ref b, ref c, ref d, ys[0], ys[1], ys[2], ys[3]);
            Assert.That(new[] { a, b, c, d }.SequenceEqual(alone), $"at {y}");
        }

        static Vector512<float> Alone(Vector512<float> x, Vector512<float> y) =>
            x / (Vector512<float>.One + VectorMath.ExpOfBounded(Vector512.Min(Vector512.Max(-y, Vector512.Create(-87f)), Vector512.Create(87f))));
    }

    [Test]
    public void Four_steps_of_a_polynomial_have_the_bits_of_each_alone()
    {
        Vector512<float> a = Ramp + Vector512.Create(1f), b = Ramp * 3, c = Ramp * -0.7f, d = Ramp * 1e6f, x = Ramp + Vector512.Create(0.1f), term = Ramp * 11;
        Vector512<float>[] sums = [a, b, c, d], xs = [x, x * 1.1f, x * 1.21f, x * 1.331f];
        FourVectors.Horner(ref a, ref b, ref c, ref d, xs[0], xs[1], xs[2], xs[3], term);
        Assert.That(new[] { a, b, c, d }.SequenceEqual(sums.Zip(xs, (sum, x) => Vector512.FusedMultiplyAdd(sum, x, term))));
    }

    [Test]
    public void The_largest_lane_wins_wherever_it_stands()
    {
        var values = new float[16];
        for (var lane = 0; lane < 16; lane++)
        {
            Array.Fill(values, -2f);
            values[(lane + 5) % 16] = float.NegativeInfinity;
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

    private static float Exp(float x) => VectorMath.ExpOfBounded(Vector512.Create(x)).GetElement(7);

    private static float Falling(float x) => VectorMath.ExpOfNonPositive(Vector512.Create(x)).GetElement(7);

    [Test]
    public void A_rest_of_any_length_is_loaded_and_stored_and_nothing_else_is()
    {
        float[] source = [.. Enumerable.Range(1, 20).Select(i => (float)i)];
        for (var length = 1; length <= VectorMath.Lanes; length++)
        {
            var loaded = VectorMath.Load(source.AsSpan(0, length), -7);
            for (var lane = 0; lane < VectorMath.Lanes; lane++)
                Assert.That(loaded.GetElement(lane), Is.EqualTo(lane < length ? lane + 1 : -7), $"{length} values, lane {lane}");
            var target = new float[20];
            VectorMath.Store(loaded, target.AsSpan(0, length));
            Assert.That(target, Is.EqualTo(Enumerable.Range(1, 20).Select(i => i <= length ? (float)i : 0)), $"{length} places");
        }
    }
}
