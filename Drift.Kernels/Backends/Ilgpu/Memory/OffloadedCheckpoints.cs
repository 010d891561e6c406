using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// Checkpoints in page-locked memory of the host, which travel on a queue of their own beside the one that computes. The device holds a few that are on their way: a product's checkpoint comes while the product is
/// multiplied, and leaves while those behind it are. Either queue waits for the other where it has to, on the device; the host waits for neither.
/// </summary>
internal sealed class OffloadedCheckpoints : ResidentCheckpoints
{
    // Products that the queues may be apart.
    private const int Slots = 4;

    private readonly IlgpuTensors _tensors;
    private readonly Accelerator _accelerator;
    private readonly AcceleratorStream _queue;
    private readonly StreamOrder _order;
    private readonly Dictionary<int, PageLockedArray1D<int>> _places = [];
    private readonly Slot[] _coming, _going;
    private int _comes, _goes;

    /// <summary>Checkpoints of one thread's products.</summary>
    /// <param name="tensors">Counts what travels.</param>
    public OffloadedCheckpoints(IlgpuTensors tensors)
    {
        (_tensors, _accelerator) = (tensors, tensors.Accelerator);
        (_order, _queue) = (StreamOrder.Of(_accelerator), _accelerator.CreateStream());
        (_coming, _going) = (NewSlots(), NewSlots());
    }

    private AcceleratorStream Compute => _accelerator.DefaultStream;

    /// <inheritdoc/>
    public override ArrayView<int> Fetch(int place)
    {
        var words = _places[place].Span;
        var slot = _coming[_comes = (_comes + 1) % Slots];
        // A product before may not have read yet what stands here.
        Pass(slot, _queue);
        var view = slot.Buffer.Take(words.Length);
        view.CopyFromCPUUnsafeAsync(_queue, ref MemoryMarshal.GetReference(words), words.Length);
        slot.Set(_order.Mark(_queue));
        _tensors.Travelled(0, words.Length);
        return view;
    }

    /// <inheritdoc/>
    public override void Arrive() => Pass(_coming[_comes], Compute);

    /// <inheritdoc/>
    public override void Leave() => _coming[_comes].Set(_order.Mark(Compute));

    /// <inheritdoc/>
    public override ArrayView<int> Begin(int place, int words)
    {
        Lock(place, words);
        var slot = _going[_goes = (_goes + 1) % Slots];
        // A checkpoint before may not have left yet.
        Pass(slot, Compute);
        return slot.Buffer.Take(words);
    }

    /// <summary>Makes sure that a place has its memory.</summary>
    /// <exception cref="BackendUnavailableException">The host has too little that can be locked.</exception>
    internal void Lock(int place, int words)
    {
        if (_places.ContainsKey(place))
            return;
        try
        {
            _places[place] = _accelerator.AllocatePageLocked1D<int>(words);
        }
        catch (Exception e) when (e is AcceleratorException or OutOfMemoryException)
        {
            throw new BackendUnavailableException(
                $"{_accelerator.Name}: {DeviceBuffer.Mebibytes((long)words * sizeof(int))} of the host's memory could not be locked for checkpoints; expected --checkpoint-place device", e) { LacksMemory = true };
        }
    }

    /// <inheritdoc/>
    public override void End(int place)
    {
        var slot = _going[_goes];
        var words = _places[place].Span;
        slot.Set(_order.Mark(Compute));
        Pass(slot, _queue);
        slot.Buffer.Take(words.Length).CopyToCPUUnsafeAsync(_queue, ref MemoryMarshal.GetReference(words), words.Length);
        slot.Set(_order.Mark(_queue));
        _tensors.Travelled(words.Length, 0);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Slot[] slots = [.. _coming, .. _going];
        IDisposable[] held = [.. slots.Select(slot => slot.Buffer), .. _places.Values, _queue];
        _places.Clear();
        Finish([_accelerator.Bind, _queue.Synchronize, .. slots.Select(slot => (Action)(() => Drop(slot))), .. held.Select(part => (Action)part.Dispose)]);
    }

    /// <summary>Takes each step, whatever the steps before threw: memory stays locked until it is freed.</summary>
    private static void Finish(ReadOnlySpan<Action> steps)
    {
        if (steps.IsEmpty)
            return;
        try
        {
            steps[0]();
        }
        finally
        {
            Finish(steps[1..]);
        }
    }

    private void Drop(Slot slot)
    {
        if (slot.Taken() is { } mark)
            _order.Forget(mark);
    }

    /// <summary>Holds a stream until the slot is free, or full.</summary>
    private void Pass(Slot slot, AcceleratorStream stream)
    {
        if (slot.Taken() is not { } mark)
            return;
        _order.Wait(stream, mark);
        _order.Forget(mark);
    }

    private Slot[] NewSlots() => [.. Enumerable.Range(0, Slots).Select(_ => new Slot(new DeviceBuffer(_accelerator)))];

    /// <summary>Device memory of a checkpoint on its way, and when whoever uses it is done.</summary>
    private sealed class Slot(DeviceBuffer buffer)
    {
        private nint? _mark;

        public DeviceBuffer Buffer => buffer;

        public void Set(nint mark) => _mark = mark;

        public nint? Taken()
        {
            var mark = _mark;
            _mark = null;
            return mark;
        }
    }
}
