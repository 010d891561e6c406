using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// Copies on a device of weights that a network holds: each goes up once. Networks do not know of devices, so an owner is gone when the collector took it; its copies are
/// freed when the next one goes up, and stay until then. Where an upload lacks memory, the collector is asked. Under the backend's lock.
/// </summary>
internal sealed class ResidentCopies(Accelerator accelerator) : IDisposable
{
    private readonly ConditionalWeakTable<object, Dictionary<object, DeviceBuffer>> _of = [];
    private readonly List<(WeakReference Owner, DeviceBuffer Copy)> _all = [];

    /// <summary>Copies whose owners were there when they were last looked for.</summary>
    public int Count => _all.Count;

    /// <summary>A copy, or null where it did not go up yet.</summary>
    /// <param name="owner">What it lives as long as.</param>
    /// <param name="form">Which of the owner's copies.</param>
    /// <param name="length">Words.</param>
    public ArrayView<float>? Find(object owner, object form, int length) =>
        _of.TryGetValue(owner, out var forms) && forms.TryGetValue(form, out var copy) ? copy.Take(length).Cast<float>() : null;

    /// <summary>Sends a copy.</summary>
    /// <param name="owner">What it lives as long as.</param>
    /// <param name="form">Which of the owner's copies; must not hold the owner.</param>
    /// <param name="length">Words.</param>
    /// <param name="fill">Writes its values over zeros.</param>
    public ArrayView<float> Send(object owner, object form, int length, Filling fill)
    {
        Sweep();
        var copy = new DeviceBuffer(accelerator);
        try
        {
            copy.UploadOnce(fill, length);
        }
        catch (BackendUnavailableException e) when (e.LacksMemory)
        {
            GC.Collect();
            Sweep();
            copy.UploadOnce(fill, length);
        }

        _of.GetOrCreateValue(owner)[form] = copy;
        _all.Add((new WeakReference(owner), copy));
        return copy.Take(length).Cast<float>();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, copy) in _all)
            copy.Dispose();
        _all.Clear();
        _of.Clear();
    }

    private void Sweep() => _all.RemoveAll(one =>
    {
        if (one.Owner.IsAlive)
            return false;
        one.Copy.Dispose();
        return true;
    });
}

/// <summary>Writes values that go to a device.</summary>
/// <param name="target">Zeros.</param>
internal delegate void Filling(Span<float> target);
