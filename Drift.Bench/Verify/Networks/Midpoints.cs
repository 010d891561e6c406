using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Values on the way through a network, taken as they pass and compared where the case has them (<c>mid.*</c>): the first that differs shows the layer.</summary>
/// <param name="files">The case.</param>
internal sealed class Midpoints(NetworkFiles files)
{
    private readonly OrderedDictionary<string, List<float>> _seen = [];

    /// <summary>Takes a value, behind those of earlier samples.</summary>
    /// <param name="name">Its name in the case, without <c>mid.</c></param>
    /// <param name="value">The value; pictures are [samples, height, width, channels].</param>
    public void Watch(string name, Tensor value)
    {
        if (!_seen.TryGetValue(name, out var values))
            _seen[name] = values = [];
        if (value.Shape is [var samples, var height, var width, var channels])
        {
            var picture = new Tensor(samples, channels, height, width);
            ChannelOrder.ToFirst(value, picture);
            value = picture;
        }

        values.AddRange(value.Span);
    }

    /// <summary>Compares those that the case has, in the order in which they were first seen.</summary>
    public IEnumerable<OutputCheck> Checks() =>
        from seen in _seen
        let name = $"mid.{seen.Key}"
        where files.Arrays.Contains(name)
        select files.Check(name, seen.Value.ToArray());
}
