namespace Drift.Kernels;

/// <summary>
/// Scratch tensors for one thread: rented by shape, given back together, so that a network allocates nothing once warm.
/// Not safe for use by two threads at once.
/// </summary>
public sealed class Workspace
{
    private readonly List<float[]> _slabs = [];
    private readonly List<TensorHome> _homes = [];
    private readonly Func<TensorHome>? _open;
    private int _next;

    /// <summary>Memory of the host.</summary>
    public Workspace()
    {
    }

    /// <summary>Memory that stands on a device or on the host, wherever it was needed last.</summary>
    /// <param name="open">Opens a tensor's memory.</param>
    internal Workspace(Func<TensorHome> open) => _open = open;

    /// <summary>Everything rented inside the scope is given back at its end.</summary>
    public Scope Begin() => new(this, _next);

    /// <summary>A tensor whose values are undefined until written, valid until its scope ends.</summary>
    /// <param name="shape">Extents, outermost first.</param>
    public Tensor Rent(params int[] shape)
    {
        var volume = 1;
        foreach (var extent in shape)
            volume = checked(volume * extent);
        if (_open is not null)
            return new Tensor(Home(_open, volume), shape);
        if (_next == _slabs.Count)
            _slabs.Add([]);
        if (_slabs[_next].Length < volume)
            _slabs[_next] = GC.AllocateUninitializedArray<float>(volume);
        return new Tensor(_slabs[_next++], 0, shape);
    }

    /// <summary>Gives a device's memory back; the host's is the collector's. No method of disposing: only who opens a device's workspace need think of it.</summary>
    public void Release()
    {
        foreach (var home in _homes)
            (home as IDisposable)?.Dispose();
        _homes.Clear();
    }

    private TensorHome Home(Func<TensorHome> open, int volume)
    {
        if (_next == _homes.Count)
            _homes.Add(open());
        var home = _homes[_next++];
        home.Begin(volume);
        return home;
    }

    /// <summary>A stretch of renting.</summary>
    public readonly struct Scope : IDisposable
    {
        private readonly Workspace _owner;
        private readonly int _mark;

        internal Scope(Workspace owner, int mark) => (_owner, _mark) = (owner, mark);

        /// <summary>Gives back what was rented since the scope began.</summary>
        public void Dispose() => _owner._next = _mark;
    }
}
