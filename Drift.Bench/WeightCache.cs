using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Drift.Models;

namespace Drift.Bench;

/// <summary>
/// INT8 weights in a folder, a file a layer, named by the SHA-256 of what they were made of: the stored weights, their shape and the rule of their scales. A file ends in the SHA-256 of
/// its contents; one that is damaged is made again, never trusted.
/// </summary>
internal sealed class WeightCache : IWeightCache
{
    private const string Form = "drift int8 weights 1\n", Ending = ".int8";
    private readonly string _folder;
    private int _found, _made, _damaged;

    private WeightCache(string folder) => _folder = folder;

    /// <summary>What became of the look-ups so far, for people.</summary>
    public string Summary => $"Weight cache {_folder}: {_found} layers found, {_made} made{(_damaged == 0 ? "" : $", {_damaged} of them because their file was damaged")}.";

    /// <summary>Opens a cache.</summary>
    /// <param name="folder">Its folder; made where it is not there.</param>
    /// <exception cref="UserErrorException">It cannot be made.</exception>
    public static WeightCache Open(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new WeightCache(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--weight-cache: cannot make the folder {folder}: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public QuantisedCodes Get(WeightRows weights, ScaleGroups groups, Func<QuantisedCodes> make)
    {
        var path = Path.Combine(_folder, Key(weights, groups) + Ending);
        if (File.Exists(path))
        {
            if (Read(path, weights) is { } found)
            {
                Interlocked.Increment(ref _found);
                return found;
            }

            Interlocked.Increment(ref _damaged);
        }

        Interlocked.Increment(ref _made);
        var made = make();
        Write(path, made);
        return made;
    }

    private static string Key(WeightRows weights, ScaleGroups groups)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes($"{Form}{groups} {weights.N} {weights.K} "));
        weights.Visit(bytes => hash.AppendData(bytes));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The codes of a file; null where it is not what was written.</summary>
    private static QuantisedCodes? Read(string path, WeightRows weights)
    {
        var bytes = File.ReadAllBytes(path);
        var (codes, scales) = (new sbyte[weights.N * weights.K], new float[weights.N]);
        var (head, tail) = (codes.Length, scales.Length * sizeof(float));
        if (bytes.Length != head + tail + SHA256.HashSizeInBytes || !SHA256.HashData(bytes.AsSpan(0, head + tail)).AsSpan().SequenceEqual(bytes.AsSpan(head + tail)))
            return null;
        MemoryMarshal.Cast<byte, sbyte>(bytes.AsSpan(0, head)).CopyTo(codes);
        MemoryMarshal.Cast<byte, float>(bytes.AsSpan(head, tail)).CopyTo(scales);
        return new QuantisedCodes(codes, scales);
    }

    /// <summary>Whole or not at all, whoever else writes the same.</summary>
    private static void Write(string path, QuantisedCodes made)
    {
        var partial = $"{path}.{Guid.NewGuid():N}";
        try
        {
            using (var file = File.Create(partial))
            {
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                foreach (var part in new[] { MemoryMarshal.AsBytes(made.Codes.AsSpan()).ToArray(), MemoryMarshal.AsBytes(made.Scales.AsSpan()).ToArray() })
                {
                    hash.AppendData(part);
                    file.Write(part);
                }

                file.Write(hash.GetHashAndReset());
            }

            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
