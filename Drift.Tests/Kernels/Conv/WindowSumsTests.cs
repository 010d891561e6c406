using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class WindowSumsTests
{
    /// <summary>Stretches that begin and end inside a line, go over several lines and images, and have one window; channels in whole vectors and in none.</summary>
    [TestCase(3, 1, 1, 40, 0, 20)]
    [TestCase(3, 1, 1, 40, 5, 31)]
    [TestCase(3, 1, 2, 7, 9, 70)]
    [TestCase(3, 1, 2, 40, 8, 85, Description = "whole lines of two images")]
    [TestCase(4, 1, 1, 33, 2, 32, Description = "whole lines that steps do not divide")]
    [TestCase(2, 0, 1, 33, 3, 1)]
    [TestCase(5, 2, 3, 16, 40, 101)]
    [TestCase(7, 3, 2, 1, 1, 60)]
    public unsafe void The_sums_of_neighbouring_windows_are_those_of_all_their_values(int kernel, int padding, int batch, int channels, int first, int count)
    {
        const byte Flip = 128;
        var shape = new ConvolutionShape(batch, 6, 8, channels, 1, kernel) { Padding = padding };
        Assert.That(WindowSums.Serve(shape));
        var (depth, random) = (shape.Product.K, new Random(kernel));
        sbyte[] input = [.. Enumerable.Range(0, shape.InputLength).Select(_ => (sbyte)random.Next(sbyte.MinValue, sbyte.MaxValue + 1))];
        var windows = new sbyte[count * depth];
        var taken = new WindowSums(shape, Flip);
        // What is kept beside the sums is nobody's before.
        short[] expected = new short[depth], sums = [.. new short[depth], .. Enumerable.Repeat((short)77, taken.Kept)];
        fixed (sbyte* pixels = input, packed = windows)
        fixed (short* own = sums)
        {
            new WindowRows<sbyte>(pixels, shape, 0).Gather(first, count, 0, depth, packed, depth);
            for (var i = 0; i < windows.Length; i++)
                expected[i % depth] += windows[i];
            ActivationRows.Pack(packed, depth, count, depth, Flip, packed, depth, null);
            const int Step = 4;
            for (var i = 0; i < count; i += Step)
                taken.Add(packed + i * depth, depth, first + i, Math.Min(Step, count - i), i, Math.Max(0, count - i - Step), own);
            taken.Finish(own);
        }

        Assert.That(sums[..depth], Is.EqualTo(expected).And.Some.Not.Zero);
    }

    [TestCase(1, 1, 1)]
    [TestCase(3, 2, 1)]
    [TestCase(3, 1, 2)]
    public void Windows_that_do_not_share_their_taps_so_are_summed_whole(int kernel, int stride, int dilation) =>
        Assert.That(WindowSums.Serve(new ConvolutionShape(1, 9, 9, 2, 2, kernel) { Stride = stride, Dilation = dilation }), Is.False);
}
