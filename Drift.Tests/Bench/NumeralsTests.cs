using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class NumeralsTests
{
    [TestCase(0, "0 pictures")]
    [TestCase(1, "1 picture")]
    [TestCase(2, "2 pictures")]
    public void Things_are_counted(long number, string expected) => Assert.That(Numerals.Count(number, "picture"), Is.EqualTo(expected));

    [TestCase(1.26, "F1", "1.3")]
    [TestCase(-0.04, "F1", "0.0")]
    [TestCase(-0.06, "F1", "-0.1")]
    [TestCase(-0.0, "G4", "0")]
    [TestCase(-1e-12, "G2", "-1E-12")]
    [TestCase(double.NaN, "F1", "-")]
    [TestCase(null, "F1", "-")]
    [TestCase(double.PositiveInfinity, "0.##", "inf")]
    [TestCase(double.NegativeInfinity, "0.##", "-inf")]
    public void A_number_reads_the_same_everywhere(double? value, string format, string text) => Assert.That(Numerals.Of(value, format), Is.EqualTo(text));

    [TestCase(-1234, "-1234")]
    [TestCase(null, "-")]
    public void A_whole_number_too(long? value, string text) => Assert.That(Numerals.Of(value), Is.EqualTo(text));
}
