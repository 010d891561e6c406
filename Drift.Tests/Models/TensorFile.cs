using System.Runtime.InteropServices;
using System.Text.Json;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Tests;

/// <summary>Tensors from and to safetensors files, so that a test can write a model that differs from a fixture in one respect.</summary>
internal static class TensorFile
{
    public static Tensor Read(SafetensorsFile file, string name) => new(file.ReadFloat(name), [.. file.Shape(name)]);

    public static Dictionary<string, Tensor> ReadAll(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Names.ToDictionary(name => name, name => Read(file, name));
    }

    public static void WriteAll(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        var header = new Dictionary<string, object>();
        var data = new MemoryStream();
        foreach (var (name, tensor) in tensors)
        {
            var begin = data.Length;
            data.Write(MemoryMarshal.AsBytes(tensor.Span));
            header[name] = new { dtype = "F32", shape = tensor.Shape, data_offsets = new[] { begin, data.Length } };
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data.ToArray()]);
    }
}
