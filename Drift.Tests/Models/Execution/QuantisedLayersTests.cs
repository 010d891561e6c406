using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>INT8 forms of layers: what could not be made is told once, where it was asked for.</summary>
[TestFixture]
public sealed class QuantisedLayersTests
{
    [Test]
    public void A_layer_that_could_not_be_prepared_does_not_fail_again_when_all_are_disposed()
    {
        using var backend = new HostBackend();
        var layers = new QuantisedLayers(backend);
        var layer = new LinearLayer(new LayerKey(0, GemmRole.Query), [1, 2, 3, 4, 5, 6], [], 3, 2);
        layers.Get(layer, 32);
        Assert.That(() => layers.Get(layer, 300), Throws.InstanceOf<ArgumentException>());
        Assert.That(layers.Dispose, Throws.Nothing);
    }
}
