using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Arrays of a case in the forms that networks and samplers take.</summary>
internal static class CaseArrays
{
    /// <summary>A float array with its shape.</summary>
    /// <param name="arrays">The case's file.</param>
    /// <param name="name">The array.</param>
    /// <param name="extents">What its extents are, for the message: as many names as it must have.</param>
    /// <exception cref="UserErrorException">The array has more or fewer extents, or none at all in one of them.</exception>
    public static Tensor ReadTensor(this SafetensorsFile arrays, string name, params IReadOnlyList<string> extents)
    {
        var shape = arrays.Shape(name);
        return shape.Count == extents.Count && !shape.Contains(0)
            ? new Tensor(arrays.ReadFloat(name), [.. shape])
            : throw new UserErrorException($"{arrays.Path}: {name} has the shape [{string.Join(", ", shape)}]; expected [{string.Join(", ", extents)}]");
    }

    /// <summary>Integers or floats, as timesteps are either.</summary>
    public static double[] ReadNumbers(this SafetensorsFile arrays, string name) => arrays.DataType(name) is "I64" or "I32"
        ? [.. arrays.ReadInt64(name).Select(value => (double)value)]
        : [.. arrays.ReadFloat(name).Select(value => (double)value)];

    /// <summary>A matrix of features, one sample a row.</summary>
    /// <exception cref="UserErrorException">It is no matrix, or has fewer than two rows.</exception>
    public static FeatureSet ReadFeatures(this SafetensorsFile arrays, string name) => arrays.Shape(name) is [>= 2, >= 1] and [var samples, var dimensions]
        ? new FeatureSet(samples, dimensions, [.. arrays.ReadFloat(name).Select(value => (double)value)])
        : throw new UserErrorException($"{arrays.Path}: {name} has the shape [{string.Join(", ", arrays.Shape(name))}]; expected [samples, dimensions], at least two samples");

    /// <summary>A mask, one entry each: integers that are not 0 where something is there.</summary>
    /// <exception cref="UserErrorException">The array has another length.</exception>
    public static bool[] ReadMask(this SafetensorsFile arrays, string name, long count) => arrays.DataType(name) == "BOOL"
        ? [.. arrays.ReadByte(name).Require(arrays, name, count).Select(value => value != 0)]
        : [.. arrays.ReadNumbers(name).Require(arrays, name, count).Select(value => value != 0)];

    /// <summary>Texts as ids, with a mask or all there.</summary>
    /// <exception cref="UserErrorException">The ids are no matrix, or the mask has another shape.</exception>
    public static TokenBatch ReadTokens(this SafetensorsFile arrays, string ids = "in.input_ids", string mask = "in.attention_mask")
    {
        if (arrays.Shape(ids) is not [> 0, > 0 and var tokens])
            throw new UserErrorException($"{arrays.Path}: {ids} has the shape [{string.Join(", ", arrays.Shape(ids))}]; expected [texts, tokens]");
        var values = arrays.ReadInt64(ids);
        var kept = arrays.Contains(mask) ? arrays.ReadMask(mask, values.Length) : [.. Enumerable.Repeat(true, values.Length)];
        return new TokenBatch(tokens, [.. values.Select(value => checked((int)value))], kept);
    }

    /// <summary>Floats, as many as the case needs.</summary>
    /// <exception cref="UserErrorException">The array has another length.</exception>
    public static float[] ReadFloat(this SafetensorsFile arrays, string name, long count) => arrays.ReadFloat(name).Require(arrays, name, count);

    /// <summary>The values, if they are as many as the case needs.</summary>
    /// <exception cref="UserErrorException">They are not.</exception>
    public static T[] Require<T>(this T[] values, SafetensorsFile arrays, string name, long count) =>
        values.Length == count ? values : throw new UserErrorException($"{arrays.Path}: {name} has {values.Length} values; expected {count}");
}
