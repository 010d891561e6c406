using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests.Models.Imaging;

public sealed class PictureTests
{
    [Test]
    public void Levels_round_half_to_even_and_clamp()
    {
        // Level = round((x / 2 + 0.5) x 255): -1 and below give 0, 1 and above 255; 0 stands at 127.5, a tie that goes to the even 128.
        var tensor = new Tensor([-3f, -1f, 0f, 1f, 7f, float.NaN, float.PositiveInfinity, float.NegativeInfinity], 1, 2, 4);
        var picture = Picture.From(tensor);
        Assert.That(picture.Pixels, Is.EqualTo(new byte[] { 0, 0, 128, 255, 255, 0, 255, 0 }));
        Assert.That((picture.Height, picture.Width, picture.Channels), Is.EqualTo((2, 4, 1)));
    }

    [Test]
    public void Channels_of_a_pixel_stand_together()
    {
        var picture = Picture.From(new Tensor([1f, -1f, -1f, 1f, 0f, 1f], 3, 1, 2));
        Assert.That(picture.Pixels, Is.EqualTo(new byte[] { 255, 0, 128, 0, 255, 255 }));
    }

    [Test]
    public void Impossible_forms_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Picture.From(new Tensor(2, 4, 4)));
        Assert.Throws<ArgumentException>(() => Picture.From(new Tensor(1, 1, 4, 4)));
        Assert.Throws<ArgumentException>(() => _ = new Picture(2, 2, 3, new byte[11]));
    }
}
