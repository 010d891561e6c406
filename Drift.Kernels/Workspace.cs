namespace Drift.Kernels;

/// <summary>
/// Scratch tensors for one thread: rented by shape, given back together, so that a network allocates nothing once warm.
/// Not safe for use by two threads at once.
/// </summary>
public sealed class Workspace
{
    private readonly List<float[]> _slabs = [];
    private int _next;

    /// <summary>Everything rented inside the scope is given back at its end.</summary>
    public Scope Begin() => new(this, _next);

    /// <summary>A tensor whose values are undefined until written, valid until its scope ends.</summary>
    /// <param name="shape">Extents, outermost first.</param>
    public Tensor Rent(params int[] shape)
    {
        var volume = 1;
        foreach (var extent in shape)
            volume = checked(volume * extent);
        if (_next == _slabs.Count)
            _slabs.Add([]);
        if (_slabs[_next].Length < volume)
            _slabs[_next] = GC.AllocateUninitializedArray<float>(volume);
        return new Tensor(_slabs[_next++], 0, shape);
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
