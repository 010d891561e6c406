using System.Text;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

public class ModelFileTests
{
    private static string Folder => DataFolder.Path("fixtures", "files");

    private static IEnumerable<TestCaseData> Cases(string expect) =>
        File.ReadLines(Path.Combine(Folder, "cases.csv")).Skip(1)
            .Where(line => line.Contains($",{expect},", StringComparison.Ordinal))
            .Select(line => new TestCaseData(line[..line.IndexOf(',', StringComparison.Ordinal)]));

    private static IEnumerable<TestCaseData> Unsound => Cases("must-fail");

    private static IEnumerable<TestCaseData> Sound => Cases("must-load");

    [TestCaseSource(nameof(Unsound))]
    public void A_damaged_file_ends_in_one_line_that_names_it(string file)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<ModelFormatException>(() => Load(file));
        TestContext.Out.WriteLine(error!.Message);
        Assert.Multiple(() =>
        {
            Assert.That(error.Message, Does.Contain(file.TrimEnd('/')));
            Assert.That(error.Message, Does.Not.Contain('\n'));
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(4 << 20), "bytes allocated");
        });
    }

    [TestCaseSource(nameof(Sound))]
    public void An_unusual_file_loads(string file) => Assert.That(() => Load(file), Throws.Nothing);

    [Test]
    public void Every_element_type_reads_as_its_values()
    {
        using var file = SafetensorsFile.Open(Path.Combine(Folder, "dtypes.safetensors"));
        Assert.That(file.Names, Has.Count.EqualTo(10));
        Assert.Multiple(() =>
        {
            foreach (var name in file.Names)
            {
                Assert.That(file.Shape(name), Is.EqualTo(new[] { 2, 3 }), name);
                Assert.That(file.ReadFloat(name), Is.EqualTo(name == "bool" ? new float[] { 0, 1, 1, 1, 1, 1 } : [0, 1, 2, 3, 4, 5]), name);
            }

            foreach (var name in new[] { "i64", "i32", "i16", "i8", "u8" })
                Assert.That(file.ReadInt64(name), Is.EqualTo(new long[] { 0, 1, 2, 3, 4, 5 }), name);
            Assert.That(file.ReadInt32("i32"), Is.EqualTo(new[] { 0, 1, 2, 3, 4, 5 }));
            Assert.That(file.ReadSByte("i8"), Is.EqualTo(new sbyte[] { 0, 1, 2, 3, 4, 5 }));
            Assert.That(file.ReadByte("u8"), Is.EqualTo(new byte[] { 0, 1, 2, 3, 4, 5 }));
            Assert.That(() => file.ReadSByte("f32"), Throws.InstanceOf<ModelFormatException>().With.Message.Contains("F32").And.Message.Contains("I8"));
            Assert.That(() => file.ReadFloat("f31"), Throws.InstanceOf<ModelFormatException>().With.Message.Contains("f31"));
        });
    }

    [Test]
    public void Stated_shapes_and_values_come_out()
    {
        using var good = SafetensorsFile.Open(Path.Combine(Folder, "good.safetensors"));
        using var empty = SafetensorsFile.Open(Path.Combine(Folder, "empty_tensors.safetensors"));
        using var scalar = SafetensorsFile.Open(Path.Combine(Folder, "scalar.safetensors"));
        using var none = SafetensorsFile.Open(Path.Combine(Folder, "no_tensors.safetensors"));
        Assert.Multiple(() =>
        {
            Assert.That(good.ReadFloat("a"), Is.EqualTo(new float[] { 0, 1, 2, 3 }));
            Assert.That(good.ReadFloat("b"), Is.EqualTo(new float[] { 4, 5 }));
            Assert.That(good.Shape("a"), Is.EqualTo(new[] { 2, 2 }));
            Assert.That(empty.Shape("c"), Is.EqualTo(new[] { 3, 0, 2 }));
            Assert.That(empty.ReadFloat("c"), Is.Empty);
            Assert.That(scalar.Shape("s"), Is.Empty);
            Assert.That(scalar.ReadFloat("s"), Is.EqualTo(new float[] { 0 }));
            Assert.That(scalar.ReadFloat("t"), Is.EqualTo(new float[] { 1, 2 }));
            Assert.That(none.Names, Is.Empty);
        });
    }

    [Test]
    public void Half_precision_is_exact_for_every_bit_pattern()
    {
        var patterns = Enumerable.Range(0, 1 << 16).Select(i => (ushort)i).ToArray();
        var bytes = new byte[2 * patterns.Length];
        Buffer.BlockCopy(patterns, 0, bytes, 0, bytes.Length);
        var path = Write("halves", """{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]},"b":{"dtype":"BF16","shape":[65536],"data_offsets":[131072,262144]}}""",
            [.. bytes, .. bytes]);
        using var file = SafetensorsFile.Open(path);
        Assert.Multiple(() =>
        {
            Assert.That(file.ReadFloat("h"), Is.EqualTo(patterns.Select(p => (float)BitConverter.UInt16BitsToHalf(p))));
            Assert.That(file.ReadFloat("b"), Is.EqualTo(patterns.Select(p => BitConverter.UInt32BitsToSingle((uint)p << 16))));
        });
    }

    [TestCase("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""")]
    [TestCase("""{"a\nb":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":{},"data_offsets":[0,4]}}""")]
    [TestCase("""{"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}}""")]
    [TestCase("""{"a":[]}""")]
    [TestCase(""" {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":{"n":1}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":{"n":{"m":"1"}}}""")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":["n"]}""")]
    [TestCase("[]")]
    [TestCase("")]
    public void A_hostile_header_ends_in_one_line(string header)
    {
        var path = Write("hostile", header, [0, 0, 0, 0]);
        var error = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path).Dispose());
        Assert.That(error!.Message, Does.StartWith(path).And.Not.Contain('\n'));
    }

    [Test]
    public void A_header_that_is_no_UTF8_ends_in_one_line_wherever_that_stands()
    {
        var path = Write("latin", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":{"n":"#"}}""", [0, 0, 0, 0]);
        var bytes = File.ReadAllBytes(path);
        bytes[Array.IndexOf(bytes, (byte)'#')] = 0xE9;
        File.WriteAllBytes(path, bytes);
        Assert.That(() => SafetensorsFile.Open(path), Throws.InstanceOf<ModelFormatException>().With.Message.StartsWith(path));
    }

    /// <summary>What safetensors 0.8.0 takes besides: a null for metadata, unknown fields with lists in lists, line ends behind the object. Serde's limit is 128.</summary>
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":null}""")]
    [TestCase("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}\n\t ")]
    [TestCase("""{"a":{"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""")]
    public void An_unusual_header_is_taken(string header)
    {
        using var file = SafetensorsFile.Open(Write("unusual", header, BitConverter.GetBytes(2.5f)));
        Assert.That(file.ReadFloat("a"), Is.EqualTo(new[] { 2.5f }));
    }

    /// <summary>Values of the OCP's "8-bit floating point specification", table 2: the largest, the least normal and subnormal ones, and NaN, of both formats.</summary>
    [Test]
    public void Eight_bit_floating_point_reads_as_its_values()
    {
        using var file = SafetensorsFile.Open(Write("eights",
            """{"e4m3":{"dtype":"F8_E4M3","shape":[7],"data_offsets":[0,7]},"e5m2":{"dtype":"F8_E5M2","shape":[7],"data_offsets":[7,14]}}""",
            [0x7E, 0x08, 0x07, 0x01, 0x80, 0xB8, 0x7F, 0x7B, 0x04, 0x03, 0x01, 0xBC, 0x7C, 0x7D]));
        Assert.That(file.ReadFloat("e4m3"), Is.EqualTo(new[] { 448, 1f / 64, 0.875f / 64, 1f / 512, 0, -1, float.NaN }));
        Assert.That(file.ReadFloat("e5m2"), Is.EqualTo(new[] { 57344, 1f / 16384, 0.75f / 16384, 1f / 65536, -1, float.PositiveInfinity, float.NaN }));
    }

    [Test]
    public void An_absent_file_is_said()
    {
        Assert.That(() => SafetensorsFile.Open("/nowhere/at.all"), Throws.InstanceOf<ModelFormatException>().With.Message.StartsWith("/nowhere/at.all: no such file"));
        Assert.That(() => SafetensorsFile.Open(Folder), Throws.InstanceOf<ModelFormatException>().With.Message.StartsWith(Folder));
        Assert.That(() => AutoencoderKL.Load("/nowhere"), Throws.InstanceOf<ModelFormatException>().With.Message.Contains("/nowhere"));
    }

    internal static string Write(string name, string header, byte[] data, string? folder = null)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var path = Path.Combine(folder ?? TestContext.CurrentContext.WorkDirectory, $"{name}.safetensors");
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data]);
        return path;
    }

    private static void Load(string file)
    {
        var path = Path.Combine(Folder, file);
        if (file.EndsWith('/'))
        {
            DiTTransformer2D.Load(path);
            return;
        }

        using var opened = SafetensorsFile.Open(path);
        foreach (var name in opened.Names)
            opened.ReadFloat(name);
    }
}
