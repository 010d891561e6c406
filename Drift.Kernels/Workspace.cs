using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Drift.Kernels;

/// <summary>
/// Scratch tensors for one thread: rented by shape, given back together, so that a network allocates nothing once warm: on the host not even the tensors.
/// Not safe for use by two threads at once.
/// </summary>
public sealed class Workspace
{
    private readonly List<Place> _places = [];
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
    public Tensor Rent(params ReadOnlySpan<int> shape)
    {
        if (_open is not null)
            return new Tensor(Home(_open, Volume(shape)), shape.ToArray());
        if (_next == _places.Count)
            _places.Add(new Place());
        return _places[_next++].As(shape);
    }

    /// <summary>Gives a device's memory back; the host's is the collector's. No method of disposing: only who opens a device's workspace need think of it.</summary>
    public void Release()
    {
        foreach (var home in _homes)
            (home as IDisposable)?.Dispose();
        _homes.Clear();
    }

    private static int Volume(ReadOnlySpan<int> shape)
    {
        var volume = 1;
        foreach (var extent in shape)
            volume = checked(volume * extent);
        return volume;
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

    /// <summary>Memory of the host that scopes use in turn, and a tensor for each shape that it had. It begins at a cache line: a vector that straddles two costs twice.</summary>
    private sealed class Place
    {
        private const int Line = 64;
        private readonly List<Tensor> _tensors = [];
        private float[] _slab = [];
        private int _first;

        public Tensor As(ReadOnlySpan<int> shape)
        {
            foreach (var known in _tensors)
            {
                if (known.HasShape(shape))
                    return known;
            }

            var volume = Volume(shape);
            if (_slab.Length - _first < volume)
            {
                // The others would keep what is outgrown.
                _tensors.Clear();
                _slab = GC.AllocateUninitializedArray<float>(volume + Line / sizeof(float), pinned: true);
                _first = (int)(-Address(_slab) & (Line - 1)) / sizeof(float);
            }

            var tensor = new Tensor(_slab, _first, shape.ToArray());
            _tensors.Add(tensor);
            return tensor;
        }

        private static unsafe nint Address(float[] pinned) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));
    }
}
