using Drift.Abft;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Abft;

/// <summary>The advice on intervals against runs with known drift, and Young's form against counting.</summary>
internal sealed class IntervalAdviceTests
{
    private static readonly LayerKey Layer = new(0, GemmRole.Query);

    [Test]
    public void DriftIsTheRelativeSquaredChangeByAge()
    {
        // Outputs 1, 2, 3, 4 at steps 0..3: over one step 1/4, 1/9, 1/16, over two 4/9, 4/16, over three 9/16. Twenty columns, so that a vector ends early.
        var profile = Recorded(ages: 3, 1, 2, 3, 4);
        Assert.Multiple(() =>
        {
            Assert.That(profile.At(0), Is.Zero);
            Assert.That(profile.At(1), Is.EqualTo((1 / 4.0 + 1 / 9.0 + 1 / 16.0) / 3).Within(1e-6));
            Assert.That(profile.At(2), Is.EqualTo((4 / 9.0 + 4 / 16.0) / 2).Within(1e-6));
            Assert.That(profile.At(3), Is.EqualTo(9 / 16.0).Within(1e-6));
            Assert.That(profile.At(40), Is.EqualTo(profile.At(3)), "beyond what was seen, the last that was");
            Assert.That((profile.Elements, profile.Crest), Is.EqualTo((4L * 3 * 20, 1.0)));
        });
    }

    [Test]
    public void YoungsFormIsWhereCountingFindsTheLeastProduct([Values(0.5, 2, 10)] double save, [Values(1e-3, 1e-2)] double mended)
    {
        const int steps = 400;
        // Drift of 1/100 a step: outputs that turn away evenly.
        var advice = new IntervalAdvice(Straight(steps), new IntervalInputs(steps, [.. Enumerable.Range(0, steps)], mended, mended / 5, save, 1000));
        Assert.That(advice.Slope, Is.EqualTo(0.01).Within(2).Percent);
        // A flat minimum: the form's interval, rounded, costs hardly more than the best one.
        var rounded = advice.Forecast((int)Math.Round(advice.ClosedForm));
        Assert.That(rounded.Product, Is.EqualTo(advice.Best.Product).Within(2).Percent, $"{advice.ClosedForm} against {advice.Best.Interval}");
    }

    [Test]
    public void DearerSavesMakeItLongerAndMoreFaultsShorter()
    {
        int Best(double save, double mended) => new IntervalAdvice(Straight(100), new IntervalInputs(100, [.. Enumerable.Range(2, 98)], mended, 1e-3, save, 100)).Best.Interval;
        Assert.That(Best(10, 1e-2), Is.GreaterThan(Best(1, 1e-2)));
        Assert.That(Best(1, 1), Is.LessThan(Best(1, 1e-2)));
        Assert.That(new IntervalAdvice(Straight(10), new IntervalInputs(10, [], 0, 0, 1, 1)).ClosedForm, Is.EqualTo(double.PositiveInfinity));
    }

    [Test]
    public void AgesAndSavesAreThoseOfTheSchedule()
    {
        // Interval 10 over 50 steps saves at 0, 1, 11, 21, 31, 41; steps 2..49 mend values of age 1..10.
        var forecast = new IntervalAdvice(Straight(50), new IntervalInputs(50, [.. Enumerable.Range(2, 48)], 0.01, 0, 1, 100)).Forecast(10);
        var ages = Enumerable.Range(2, 48).Select(step => step - new[] { 0, 1, 11, 21, 31, 41 }.Last(save => save < step));
        Assert.That((forecast.Saves, forecast.MeanAge, forecast.Cost), Is.EqualTo((6, ages.Average(), 106.0)));
    }

    private static DriftProfile Recorded(int ages, params float[] outputs)
    {
        const int m = 3, n = 20;
        var profile = new DriftProfile(ages);
        var recorder = new DriftRecorder(profile);
        using var store = new CheckpointStore { Depth = recorder.Checkpoints };
        for (var step = 0; step < outputs.Length; step++)
        {
            var values = new float[m * n];
            Array.Fill(values, outputs[step]);
            var output = new LayerOutput(m, n, values) { Layer = Layer, Step = step };
            store.TryGet(Layer, step, out var checkpoint);
            recorder.Mend(new Finding(), checkpoint, output);
            store.Save(Layer, step, output);
        }

        return profile;
    }

    /// <summary>A profile whose drift is age / 100.</summary>
    private static DriftProfile Straight(int ages)
    {
        var profile = new DriftProfile(ages);
        for (var age = 1; age <= ages; age++)
            profile.NoteChange(age, age / 100.0);
        return profile;
    }
}
