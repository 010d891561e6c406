using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class BitErrorProfileTests
{
    [TestCase(-1e-9)]
    [TestCase(1.0000001)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void A_rate_outside_0_to_1_is_rejected(double rate) => Assert.Throws<ArgumentException>(() => BitErrorProfile.Uniform(rate));

    [TestCase(new double[] { })]
    [TestCase(new[] { 0.0, 0.0 })]
    [TestCase(new[] { 1.0, -1.0 })]
    [TestCase(new[] { double.NaN })]
    [TestCase(new[] { double.PositiveInfinity })]
    [TestCase(new[] { double.MaxValue, double.MaxValue }, Description = "their sum is infinite")]
    public void Weights_without_a_positive_finite_sum_are_rejected(double[] weights) =>
        Assert.Throws<ArgumentException>(() => _ = new BitErrorProfile(0.5, weights));

    [Test]
    public void More_than_32_bits_are_rejected() => Assert.Throws<ArgumentException>(() => _ = new BitErrorProfile(0.5, Enumerable.Repeat(1.0, 33).ToArray()));

    [TestCase(-1)]
    [TestCase(32)]
    public void A_bit_outside_the_accumulator_is_rejected(int bit) => Assert.Throws<ArgumentOutOfRangeException>(() => BitErrorProfile.Single(0.5, bit));

    [Test]
    public void A_single_bit_takes_every_word([Values(0, 17, 31)] int bit) => Assert.Multiple(() =>
    {
        var profile = BitErrorProfile.Single(1, bit);
        Assert.That(profile.Bit(0), Is.EqualTo(bit));
        Assert.That(profile.Bit(uint.MaxValue), Is.EqualTo(bit));
    });

    [Test]
    public void Weights_divide_the_words_in_proportion() => Assert.Multiple(() =>
    {
        var profile = new BitErrorProfile(1, [1, 0, 3]);
        Assert.That(profile.Bit(0x3fffffff), Is.EqualTo(0));
        Assert.That(profile.Bit(0x40000000), Is.EqualTo(2), "bit 1 has no weight");
        Assert.That(profile.Bit(uint.MaxValue), Is.EqualTo(2));
    });
}
