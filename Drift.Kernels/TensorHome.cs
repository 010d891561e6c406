namespace Drift.Kernels;

/// <summary>
/// Memory of a tensor on a host and on a device. The values are in one of the two places, or nowhere before they are written, and go to the other when they are asked for there: a layer
/// that the device does not know still works, and what travelled is counted.
/// </summary>
/// <param name="device">The device.</param>
internal abstract class TensorHome(ITensorDevice device)
{
    private float[] _host = [];
    private Place _place;

    private enum Place
    {
        Nowhere,
        Host,
        Device,
    }

    /// <summary>The device.</summary>
    public ITensorDevice Device => device;

    /// <summary>Whether the values are on the device.</summary>
    public bool IsOnDevice => _place == Place.Device;

    /// <summary>Values that there are.</summary>
    protected int Length { get; private set; }

    /// <summary>Begins another tensor; its values are undefined until written.</summary>
    /// <param name="length">Values, at least 0.</param>
    public void Begin(int length) => (Length, _place) = (length, Place.Nowhere);

    /// <summary>The values on the host, which may change them.</summary>
    public float[] OnHost()
    {
        // Pinned: a driver copies from a bare address while the collector may run.
        if (_host.Length < Length)
            _host = GC.AllocateUninitializedArray<float>(Length, pinned: true);
        if (_place == Place.Device)
            Fetch(_host);
        _place = Place.Host;
        return _host;
    }

    /// <summary>Brings the values to the device, which may change them.</summary>
    public void ToDevice()
    {
        if (_place == Place.Host)
            Send(_host);
        _place = Place.Device;
    }

    /// <summary>Copies from the device, once everything that it was told before is done.</summary>
    /// <param name="values">Takes <see cref="Length"/> values; does not move.</param>
    protected abstract void Fetch(float[] values);

    /// <summary>Copies to the device; the values may change once this returns.</summary>
    /// <param name="values"><see cref="Length"/> values or more; does not move.</param>
    protected abstract void Send(float[] values);
}
