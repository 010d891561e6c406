using Drift.Dvfs;
using NUnit.Framework;

namespace Drift.Tests.Dvfs.Errors;

internal sealed class ErrorRateTests
{
    [Test]
    public void AnElementIsHitWhenAnyOfItsPartsIs()
    {
        // 1 - (1 - 1e-3)^31 and 1 - (1 - 1e-6)^1152, by hand.
        Assert.That(new ErrorRate(1e-3, RateUnit.PerBit).To(RateUnit.PerElement, 1152, 31).Value, Is.EqualTo(0.03054).Within(1e-5));
        Assert.That(new ErrorRate(1e-6, RateUnit.PerMac).To(RateUnit.PerElement, 1152, 31).Value, Is.EqualTo(1.15134e-3).Within(1e-8));
        Assert.That(new ErrorRate(1e-15, RateUnit.PerMac).To(RateUnit.PerElement, 1000, 31).Value, Is.EqualTo(1e-12).Within(1e-9).Percent, "no loss at tiny rates");
    }

    [Test]
    public void ThereAndBack()
    {
        foreach (var unit in Enum.GetValues<RateUnit>())
        {
            foreach (var other in Enum.GetValues<RateUnit>())
            {
                foreach (var p in new[] { 0, 1e-9, .01, .5, 1 })
                {
                    var rate = new ErrorRate(p, unit).To(other, 768, 31);
                    Assert.That(rate.Unit, Is.EqualTo(other));
                    // Near certainty a part of an element keeps no digits of the whole.
                    if (rate.Value < .999)
                        Assert.That(rate.To(unit, 768, 31).Value, Is.EqualTo(p).Within(1e-9 * p + 1e-18));
                }
            }
        }
    }

    [Test]
    public void EveryOutputSaysWhatItCounts()
    {
        Assert.That(new ErrorRate(3.219e-3).ToString(), Is.EqualTo("0.003219 per element"));
        Assert.That(new ErrorRate(1e-6, RateUnit.PerMac, true).ToString(), Is.EqualTo("1E-06 per MAC (EXTRAPOLATED)"));
    }

    [Test]
    public void ARatePerMacReachesTheProfileThroughTheDepth()
    {
        var model = new ErrorModel(new FixedRate(1e-6, RateUnit.PerMac));
        var point = OperatingPoint.Of(.7, 2);
        Assert.That(model.At(point, 1152).RatePerElement, Is.EqualTo(1.15134e-3).Within(1e-8));
        Assert.That(model.At(point, 128).RatePerElement, Is.EqualTo(1.2799e-4).Within(1e-8));
        var single = new ErrorModel(new FixedRate(1e-3, RateUnit.PerBit), new SingleBit(20));
        Assert.That(single.At(point, 128).RatePerElement, Is.EqualTo(1e-3).Within(1e-12), "one bit can flip");
    }
}
