using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Checkpoints of a device's products by number, as words. A product reads one at most, and writes one at most behind that. Under the backend's lock.</summary>
internal abstract class ResidentCheckpoints : IDisposable
{
    /// <summary>Begins to bring one to where a kernel can read it.</summary>
    /// <param name="place">A number that was written.</param>
    /// <returns>Its words, to be read between <see cref="Arrive"/> and <see cref="Leave"/>.</returns>
    public abstract ArrayView<int> Fetch(int place);

    /// <summary>Kernels to come read what was fetched last.</summary>
    public virtual void Arrive()
    {
    }

    /// <summary>They have read it.</summary>
    public virtual void Leave()
    {
    }

    /// <summary>Memory for one, for kernels to come to write.</summary>
    /// <param name="place">Its number; one that is known is overwritten, in the same length.</param>
    /// <param name="words">Words of it.</param>
    public abstract ArrayView<int> Begin(int place, int words);

    /// <summary>They have written it.</summary>
    /// <param name="place">Its number.</param>
    public virtual void End(int place)
    {
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Checkpoints that stay in the device's memory.</summary>
internal sealed class DeviceCheckpoints(Accelerator accelerator) : ResidentCheckpoints
{
    private readonly Dictionary<int, (DeviceBuffer Buffer, int Words)> _places = [];

    /// <inheritdoc/>
    public override ArrayView<int> Fetch(int place) => _places[place].Buffer.Take(_places[place].Words);

    /// <inheritdoc/>
    public override ArrayView<int> Begin(int place, int words)
    {
        if (!_places.TryGetValue(place, out var known))
            _places[place] = known = (new DeviceBuffer(accelerator), words);
        return known.Buffer.Take(words);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var (buffer, _) in _places.Values)
            buffer.Dispose();
        _places.Clear();
    }
}
