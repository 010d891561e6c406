using Drift.Kernels;
using FsCheck;
using FsCheck.Fluent;

namespace Drift.Tests;

/// <summary>A convolution that nobody thought of, with operands drawn from a seed.</summary>
public sealed record ConvolutionCase(ConvolutionShape Shape, int Seed)
{
    /// <summary>Kernel 1..7, stride 1..3, padding 0..3 on either side, dilation 1..2, groups 1..3, both layouts, odd sizes. Sizes shrink towards the least that hold the window.</summary>
    public static Gen<ConvolutionCase> Any { get; } =
        from kernel in Gen.Choose(1, 7)
        from stride in Gen.Choose(1, 3)
        from padding in Gen.Choose(0, 3)
        from after in Gen.Choose(0, 3)
        from dilation in Gen.Choose(1, 2)
        from groups in Gen.Choose(1, 3)
        let least = Math.Max(1, dilation * (kernel - 1) + 1 - padding - after)
        from batch in Gen.Choose(1, 2)
        from height in Gen.Choose(least, least + 8)
        from width in Gen.Choose(least, least + 8)
        from channels in Gen.Choose(1, 9)
        from filters in Gen.Choose(1, 37)
        from layout in Gen.Elements(ChannelLayout.Last, ChannelLayout.First)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        select new ConvolutionCase(new ConvolutionShape(batch, height, width, groups * channels, groups * filters, kernel)
        {
            Stride = stride, Padding = padding, PaddingAfter = after, Dilation = dilation, Groups = groups, Layout = layout,
        }, seed);

    /// <summary>Cases that get simpler one dimension at a time.</summary>
    public static Arbitrary<ConvolutionCase> Shrinking { get; } = Arb.From(Any, drawn => Simpler(drawn.Shape).Where(IsSound).Select(shape => drawn with { Shape = shape }));

    public float[] Floats(int count, int salt) => Draw(count, salt, random => random.NextSingle() * 2 - 1);

    public sbyte[] Codes(int count, int salt) => Draw(count, salt, random => (sbyte)random.Next(sbyte.MinValue, sbyte.MaxValue + 1));

    public int FilterValues => Shape.Filters * Shape.GroupChannels * Shape.Kernel * Shape.Kernel;

    private static IEnumerable<ConvolutionShape> Simpler(ConvolutionShape shape) =>
    [
        shape with { Batch = 1 }, shape with { Groups = 1 }, shape with { Dilation = 1 }, shape with { Stride = 1 }, shape with { Padding = 0 }, shape with { PaddingAfter = 0 },
        shape with { Layout = ChannelLayout.Last }, shape with { Kernel = Math.Max(1, shape.Kernel - 1) }, shape with { Height = shape.Height - 1 }, shape with { Width = shape.Width - 1 },
        shape with { Channels = shape.Groups }, shape with { Filters = shape.Groups }, shape with { Filters = shape.Filters - shape.Groups },
    ];

    private static bool IsSound(ConvolutionShape shape)
    {
        try
        {
            return shape.Required() is not null;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private T[] Draw<T>(int count, int salt, Func<Random, T> next)
    {
        var random = new Random(Seed ^ salt);
        return [.. Enumerable.Range(0, count).Select(_ => next(random))];
    }
}
