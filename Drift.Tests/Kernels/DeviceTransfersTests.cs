using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Bytes that go to a device come back, on every device that is here.</summary>
[TestFixtureSource(nameof(Devices))]
public sealed class DeviceTransfersTests(string name)
{
    public static IEnumerable<string> Devices => Backends.Devices;

    [Test]
    public void WhatIsSavedComesBackAndStaysApart()
    {
        using var device = Open();
        var (first, second) = (Bytes(1, 5000), Bytes(2, 77));
        device.Save(0, first);
        device.Save(1, second);
        device.Wait();
        Assert.That(Restored(device, 0, 5000), Is.EqualTo(first));
        Assert.That(Restored(device, 1, 77), Is.EqualTo(second));
        var third = Bytes(3, 300);
        device.Save(0, third);
        Assert.That(Restored(device, 0, 300), Is.EqualTo(third));
        Assert.That(Restored(device, 1, 77), Is.EqualTo(second));
        Assert.Throws<ArgumentException>(() => Restored(device, 0, 299));
        Assert.Throws<ArgumentException>(() => Restored(device, 2, 1));
    }

    private IDeviceTransfers Open()
    {
        try
        {
            return Backends.OpenTransfers(name);
        }
        catch (BackendUnavailableException e)
        {
            Assert.Ignore(e.Message);
            throw;
        }
    }

    private static byte[] Restored(IDeviceTransfers device, int place, int length)
    {
        var bytes = new byte[length];
        device.Restore(place, bytes);
        return bytes;
    }

    private static byte[] Bytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
