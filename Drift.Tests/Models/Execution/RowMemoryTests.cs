using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>A remembered row is the computed one.</summary>
[TestFixture]
public sealed class RowMemoryTests
{
    private static readonly LinearLayer Layer = new(new LayerKey(0, GemmRole.Modulation), [1, 2, 3, 4, 5, 6], [10, 20, 30], 3, 2);

    [Test]
    public void A_known_row_is_taken_from_memory_whatever_its_neighbours()
    {
        var memory = new RowMemory();
        float[] first = [.. Rows(memory, 5, [1, 7], 1, 0, 0, 1)];
        // The inputs are ignored now, which shows that nothing is computed.
        Assert.That(Rows(memory, 5, [7, 1, 7], 9, 9, 9, 9, 9, 9), Is.EqualTo((float[])[.. first[3..], .. first[..3], .. first[3..]]));
        Assert.That(first, Is.EqualTo(new float[] { 11, 23, 35, 12, 24, 36 }));
    }

    [Test]
    public void Another_label_or_timestep_is_another_row()
    {
        var memory = new RowMemory();
        Rows(memory, 5, [1], 1, 0);
        Assert.That(Rows(memory, 5, [2], 0, 1), Is.EqualTo(new float[] { 12, 24, 36 }));
        Assert.That(Rows(memory, 6, [1], 0, 1), Is.EqualTo(new float[] { 12, 24, 36 }));
        Assert.That(memory.Bytes, Is.EqualTo(3 * 3 * sizeof(float)));
    }

    [Test]
    public void Rows_beyond_the_capacity_are_computed_and_not_kept()
    {
        var memory = new RowMemory(3 * sizeof(float));
        Rows(memory, 5, [1], 1, 0);
        Rows(memory, 5, [2], 1, 0);
        Assert.That(Rows(memory, 5, [2], 0, 1), Is.EqualTo(new float[] { 12, 24, 36 }));
        Assert.That(memory.Bytes, Is.EqualTo(3 * sizeof(float)));
    }

    [Test]
    public void A_row_that_comes_again_takes_no_room()
    {
        var memory = new RowMemory(3 * 3 * sizeof(float));
        Rows(memory, 5, [1, 2], 1, 0, 0, 1);
        // One of them is new: both are computed.
        Rows(memory, 5, [2, 3], 0, 1, 1, 1);
        Assert.That(memory.Bytes, Is.EqualTo(3 * 3 * sizeof(float)));
    }

    [Test]
    public void Labels_that_are_not_one_a_row_are_refused() =>
        Assert.That(() => Rows(new RowMemory(), 5, [1, 2, 3], 1, 0), Throws.ArgumentException.With.Message.Contains("1 rows need as many labels, not 3"));

    private static float[] Rows(RowMemory memory, double timestep, int[] labels, params float[] input)
    {
        var output = new Tensor(input.Length / 2, 3);
        memory.Linear(Layer, new StepContext(0, timestep, new Workspace()), labels, new Tensor(input, input.Length / 2, 2), output);
        return output.Span.ToArray();
    }
}
