namespace Drift.Kernels;

/// <summary>
/// A dense row-major fp32 array with a shape. Owns no unmanaged memory. What a device's workspace lends may stand on the device (<see cref="DeviceWith"/>); <see cref="Span"/> brings it back.
/// </summary>
public sealed class Tensor
{
    private readonly float[] _data;
    private readonly int[] _shape;
    private readonly int _start;
    private readonly TensorHome? _home;

    /// <summary>A zeroed tensor.</summary>
    /// <param name="shape">Extents, outermost first, each at least 0.</param>
    public Tensor(params int[] shape)
        : this(new float[Volume(shape)], 0, shape)
    {
    }

    /// <summary>A view of existing values.</summary>
    /// <param name="data">Values, row-major; at least as many as the shape holds.</param>
    /// <param name="shape">Extents, outermost first.</param>
    /// <exception cref="ArgumentException">The data is shorter than the shape.</exception>
    public Tensor(float[] data, params int[] shape)
        : this(data, 0, shape)
    {
    }

    internal Tensor(TensorHome home, int[] shape)
        : this([], 0, shape, home)
    {
    }

    internal Tensor(float[] data, int start, int[] shape, TensorHome? home = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        _shape = shape;
        _home = home;
        Length = Volume(shape);
        Columns = shape.Length == 0 ? 0 : shape[^1];
        Rows = Columns == 0 ? 0 : Length / Columns;
        if (home is null && start + Length > data.Length)
            throw new ArgumentException($"shape [{string.Join(", ", shape)}] needs {Length} values, data has {data.Length - start}", nameof(data));
        _data = data;
        _start = start;
    }

    /// <summary>Extents, outermost first.</summary>
    public IReadOnlyList<int> Shape => _shape;

    /// <summary>Number of values.</summary>
    public int Length { get; }

    /// <summary>Product of all extents but the last: the rows of the matrix that a linear layer sees.</summary>
    public int Rows { get; }

    /// <summary>The last extent: the columns of the matrix that a linear layer sees.</summary>
    public int Columns { get; }

    /// <summary>All values, row-major.</summary>
    public Span<float> Span => (_home?.OnHost() ?? _data).AsSpan(_start, Length);

    /// <summary>Whether the values may stand on a device, because its workspace lent the memory.</summary>
    /// <param name="device">The device.</param>
    public bool CanStandOn(ITensorDevice device) => _home is not null && _home.Device == device;

    /// <summary>Where the values may stand besides the host's memory; null for nowhere.</summary>
    internal TensorHome? Home => _home;

    /// <summary>The first value's place in its memory.</summary>
    internal int Start => _start;

    /// <summary>The device that can compute with both tensors where they are, because at least one of them stands there; null where both are the host's.</summary>
    /// <param name="other">The other operand, or this one.</param>
    public ITensorDevice? DeviceWith(Tensor other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return DeviceFor(other) is { } device && (_home!.IsOnDevice || other._home!.IsOnDevice) ? device : null;
    }

    /// <summary>The device that both tensors may stand on, wherever they are now; null where there is none.</summary>
    /// <param name="other">The other operand, or this one.</param>
    public ITensorDevice? DeviceFor(Tensor other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return _home is { } mine && other._home?.Device == mine.Device ? mine.Device : null;
    }

    /// <summary>Whether the extents are these.</summary>
    /// <param name="shape">Extents, outermost first.</param>
    internal bool HasShape(ReadOnlySpan<int> shape) => shape.SequenceEqual(_shape);

    /// <summary>The same values under another shape of the same volume.</summary>
    /// <param name="shape">Extents, outermost first.</param>
    /// <exception cref="ArgumentException">The volumes differ.</exception>
    public Tensor Reshape(params ReadOnlySpan<int> shape) => HasShape(shape) ? this
        : Volume(shape) == Length ? new Tensor(_data, _start, shape.ToArray(), _home)
        : throw new ArgumentException($"[{string.Join(", ", _shape)}] cannot become [{string.Join(", ", shape.ToArray())}]", nameof(shape));

    /// <summary>Some consecutive entries of the outermost dimension, as a view.</summary>
    /// <param name="first">First entry.</param>
    /// <param name="count">Number of entries.</param>
    public Tensor Slice(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, _shape[0], nameof(count));
        if (count == _shape[0])
            return this;
        var each = _shape[0] == 0 ? 0 : Length / _shape[0];
        int[] shape = [count, .. _shape.AsSpan(1)];
        return new Tensor(_data, _start + first * each, shape, _home);
    }

    /// <summary>A copy with memory of its own.</summary>
    public Tensor Clone() => new(Span.ToArray(), [.. _shape]);

    private static int Volume(ReadOnlySpan<int> shape)
    {
        var volume = 1;
        foreach (var extent in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(extent, nameof(shape));
            volume = checked(volume * extent);
        }

        return volume;
    }
}
