using System.Diagnostics;
using Drift.Bench;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

public class ModelFolderTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-model").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase("dit_sharded")]
    [TestCase("dit_missing_keys")]
    [TestCase("dit_extra_keys")]
    public void Folders_of_the_same_network_give_the_same_network(string name) =>
        Assert.That(Prediction(name), Is.EqualTo(Prediction("dit_good")));

    [TestCase("dit_zero_heads", "num_attention_heads is 0")]
    [TestCase("dit_negative_layers", "num_layers is -1")]
    [TestCase("dit_unknown_class", "'NoSuchTransformer2DModel'; expected DiTTransformer2DModel")]
    [TestCase("dit_missing_shard", "-00002-of-00002.safetensors: no such file")]
    [TestCase("dit_escape", "../outside.safetensors")]
    public void The_line_says_what_is_wrong(string name, string reason) =>
        Assert.That(() => DiTTransformer2D.Load(DataFolder.Path("fixtures", "files", name)), Throws.InstanceOf<ModelFormatException>().With.Message.Contains(reason));

    [Test]
    public void A_shape_that_disagrees_is_named_with_both_shapes() =>
        Assert.That(() => DiTTransformer2D.Load(DataFolder.Path("fixtures", "files", "dit_wrong_width")), Throws.InstanceOf<ModelFormatException>()
            .With.Message.Contains("pos_embed.proj.weight").And.Message.Contains("[8, 4, 2, 2]").And.Message.Contains("[16, 4, 2, 2]"));

    [Test]
    public void A_setting_of_our_own_file_that_nobody_reads_is_refused()
    {
        var file = Path.Combine(_folder, "drift.json");
        File.WriteAllText(file, """{ "steps": 20, "stepz": 3 }""");
        Assert.That(() => ModelDefaults.Read(_folder, PipelineCatalog.Get("DiTPipeline")), Throws.InstanceOf<ModelFormatException>()
            .With.Message.EqualTo($"{file}: there is no setting 'stepz'; expected some of steps, guidance, textTokens, prompts, clip"));
    }

    [TestCase(9)]
    [TestCase(11)]
    public void A_pipeline_with_a_name_too_few_or_too_many_is_refused(int names)
    {
        foreach (var file in Directory.EnumerateFiles(DataFolder.Path("models", "dit-fashion"), "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(_folder, Path.GetRelativePath(DataFolder.Path("models", "dit-fashion"), file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        var index = Path.Combine(_folder, "model_index.json");
        var labels = string.Join(", ", Enumerable.Range(0, names).Select(i => $"\"{i}\": \"n{i}\""));
        File.WriteAllText(index, $$"""{"_class_name": "DiTPipeline", "id2label": { {{labels}} } }""");
        Assert.That(() => DiffusionPipeline.Load(_folder), Throws.InstanceOf<ModelFormatException>()
            .With.Message.StartsWith($"{index}: id2label").And.Message.Contains($"{names} names").And.Message.Contains("10, one for each"));
    }

    /// <summary>What the published DiT and PixArt checkpoints say, which are older than the classes of their own.</summary>
    [Test]
    public void The_class_name_of_older_checkpoints_is_read_by_its_norm()
    {
        Copy("dit_good");
        var config = Path.Combine(_folder, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("DiTTransformer2DModel", "Transformer2DModel", StringComparison.Ordinal));
        Assert.That(ModelConfig.Read(config).ClassName, Is.EqualTo("DiTTransformer2DModel"));
        Assert.That(Prediction(DiTTransformer2D.Load(_folder)), Is.EqualTo(Prediction("dit_good")));
        File.WriteAllText(config, File.ReadAllText(config).Replace("ada_norm_zero", "layer_norm", StringComparison.Ordinal));
        Assert.That(() => DiTTransformer2D.Load(_folder), Throws.InstanceOf<ModelFormatException>().With.Message.Contains("'Transformer2DModel'"));
    }

    [Test]
    public void A_half_precision_variant_is_read_and_a_pickle_is_named()
    {
        Copy("dit_good");
        var weights = Path.Combine(_folder, "diffusion_pytorch_model.safetensors");
        File.Move(weights, Path.Combine(_folder, "diffusion_pytorch_model.fp16.safetensors"));
        Assert.That(Prediction(DiTTransformer2D.Load(_folder)), Is.EqualTo(Prediction("dit_good")));
        File.Move(Path.Combine(_folder, "diffusion_pytorch_model.fp16.safetensors"), Path.Combine(_folder, "diffusion_pytorch_model.bin"));
        Assert.That(() => DiTTransformer2D.Load(_folder), Throws.InstanceOf<ModelFormatException>().With.Message.Contains("diffusion_pytorch_model.bin is a pickle"));
    }

    /// <summary>A config of fewer layers than were trained would draw pictures of another network.</summary>
    [Test]
    public void Further_layers_are_refused_by_name_ten_at_most()
    {
        Copy("dit_good");
        var fewer = Assert.Throws<ModelFormatException>(() => ModelWeights.Load(_folder, weights => weights.Read("proj_out_2.bias", 16).Length + weights.Read("proj_out_1.weight", 16, 8).Length));
        Assert.That(fewer!.Message, Does.EndWith("2 tensors of further layers than the config describes: proj_out_1.bias, proj_out_2.weight"));
        Write(Enumerable.Range(0, 12).Select(i => $"blocks.{i:00}.w").ToArray());
        var many = Assert.Throws<ModelFormatException>(() => ModelWeights.Load(_folder, weights => weights.Read("blocks.00.w", 1).Length));
        Assert.That(many!.Message, Does.Contain("11 tensors of further layers").And.Contain(": blocks.01.w, ").And.EndsWith("blocks.10.w, ..."));
    }

    /// <summary>diffusers goes on where a checkpoint holds more than its network has, and says so; position_ids and their like it does not even mention.</summary>
    [Test]
    public void Other_tensors_are_left_unread_with_a_warning()
    {
        Write("w", "w_ema", "embeddings.position_ids", "other.head");
        using var heard = new StringWriter();
        using var listener = new TextWriterTraceListener(heard);
        Trace.Listeners.Add(listener);
        try
        {
            Assert.That(Load("other."), Is.EqualTo(1));
            Assert.That(Load(), Is.EqualTo(1));
        }
        finally
        {
            Trace.Listeners.Remove(listener);
        }

        Assert.That(heard.ToString().Split('\n').Where(line => line.Contains(_folder, StringComparison.Ordinal)).Select(line => line[line.IndexOf(".safetensors", StringComparison.Ordinal)..].TrimEnd()), Is.EqualTo(new[]
        {
            ".safetensors: 1 tensor that the network does not have, left unread: w_ema",
            ".safetensors: 2 tensors that the network does not have, left unread: other.head, w_ema",
        }));

        int Load(params string[] known) => ModelWeights.Load(_folder, weights =>
        {
            weights.Leave(known);
            return weights.Read("w", 1).Length;
        });
    }

    /// <summary>Hubs keep a download once and link to it from the folder of each version: the user's own links are followed wherever they lead.</summary>
    [Test]
    public void Links_that_leave_the_folder_are_followed([Values("dit_good", "dit_sharded")] string name)
    {
        foreach (var file in Directory.EnumerateFiles(DataFolder.Path("fixtures", "files", name)))
            File.CreateSymbolicLink(Path.Combine(_folder, Path.GetFileName(file)), file);
        Assert.That(Prediction(DiTTransformer2D.Load(_folder)), Is.EqualTo(Prediction(name)));
    }

    [Test]
    public void A_file_that_changes_under_a_network_is_refused()
    {
        Copy("dit_good");
        var network = DiTTransformer2D.Load(_folder);
        var weights = Path.Combine(_folder, "diffusion_pytorch_model.safetensors");
        File.SetAttributes(weights, FileAttributes.Normal);
        File.SetLastWriteTimeUtc(weights, DateTime.UnixEpoch);
        Assert.That(() => Prediction(network), Throws.InstanceOf<ModelFormatException>().With.Message.Contains("was changed while it was in use"));
    }

    /// <summary>Tensors of one zero each.</summary>
    private void Write(params string[] names)
    {
        foreach (var file in Directory.EnumerateFiles(_folder))
            File.Delete(file);
        var header = string.Join(",", names.Select((name, i) => $$"""
            "{{name}}":{"dtype":"F32","shape":[1],"data_offsets":[{{4 * i}},{{4 * i + 4}}]}
            """));
        ModelFileTests.Write("model", $"{{{header}}}", new byte[4 * names.Length], _folder);
    }

    private void Copy(string name)
    {
        foreach (var file in Directory.EnumerateFiles(DataFolder.Path("fixtures", "files", name)))
            File.WriteAllBytes(Path.Combine(_folder, Path.GetFileName(file)), File.ReadAllBytes(file));
    }

    [Test]
    public void Missing_tensors_are_named_together()
    {
        ModelFileTests.Write("model", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", new byte[4], _folder);
        var two = Assert.Throws<ModelFormatException>(() => ModelWeights.Load(_folder, weights => weights.Read("b", 1).Length + weights.Read("a", 1).Length + weights.Read("c").Length));
        var many = Assert.Throws<ModelFormatException>(() => ModelWeights.Load(_folder, weights => Enumerable.Range(0, int.MaxValue).Sum(i => weights.Read($"w{i}", 1)[0])));
        Assert.Multiple(() =>
        {
            Assert.That(two!.Message, Does.Contain("missing 2 tensors").And.EndsWith("b, c"));
            Assert.That(many!.Message, Does.Contain("at least 10").And.EndsWith("w9"));
        });
    }

    [Test]
    public void A_missing_tensor_gets_no_memory_that_the_weights_do_not_justify()
    {
        ModelFileTests.Write("model", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", new byte[4], _folder);
        Assert.That(() => ModelWeights.Load(_folder, weights => weights.Read("b", 100_000, 100_000, 100_000)),
            Throws.InstanceOf<ModelFormatException>().With.Message.Contains("b"));
    }

    [TestCase(1 << 20, "sample_size is 1048576")]
    [TestCase(12_000, null)]
    public void A_size_in_a_config_brings_about_no_table(int size, string? said)
    {
        foreach (var file in Directory.GetFiles(DataFolder.Path("fixtures", "files", "dit_good")))
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        var config = Path.Combine(_folder, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"sample_size\": 4", $"\"sample_size\": {size}"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => DiTTransformer2D.Load(_folder), said is null ? Throws.Nothing : Throws.InstanceOf<ModelFormatException>().With.Message.Contains(said));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(4 << 20), "bytes allocated");
    }

    [TestCase(float.NaN)]
    [TestCase(float.NegativeInfinity)]
    public void A_weight_that_is_not_finite_is_named(float value)
    {
        var values = new float[40];
        values[33] = value;
        var bytes = new byte[160];
        Buffer.BlockCopy(values, 0, bytes, 0, 160);
        ModelFileTests.Write("model", """{"layer.weight":{"dtype":"F32","shape":[40],"data_offsets":[0,160]}}""", bytes, _folder);
        Assert.That(() => ModelWeights.Load(_folder, weights => weights.Read("layer.weight", 40)), Throws.InstanceOf<ModelFormatException>()
            .With.Message.Contains("'layer.weight'").And.Message.Contains("element 33"));
    }

    [TestCase("..")]
    [TestCase("/etc/x.safetensors")]
    [TestCase("sub\\\\x.safetensors")]
    [TestCase("sub/x.safetensors")]
    [TestCase("x.bin")]
    public void A_shard_name_that_leads_elsewhere_is_refused(string shard)
    {
        File.WriteAllText(Path.Combine(_folder, "model.safetensors.index.json"), "{\"weight_map\": {\"a\": \"" + shard + "\"}}");
        Assert.That(() => ModelWeights.Load(_folder, _ => 0), Throws.InstanceOf<ModelFormatException>().With.Message.Contains("plain name"));
    }

    [Test]
    public void A_folder_without_weights_says_which_files_would_do() =>
        Assert.That(() => ModelWeights.Load(_folder, _ => 0), Throws.InstanceOf<ModelFormatException>().With.Message.Contains("model.safetensors"));

    [Test]
    public void Configs_take_what_Python_writes_and_refuse_what_makes_no_sense()
    {
        var path = Path.Combine(_folder, "config.json");
        File.WriteAllText(path, """{"a": -Infinity, "b": NaN, "text": "NaN \" Infinity", "n": 3, "list": [1, 0], "flag": 1, "none": null}""");
        var config = ModelConfig.Read(path);
        Assert.Multiple(() =>
        {
            Assert.That(config.Number("a", 0), Is.EqualTo(double.NegativeInfinity));
            Assert.That(config.Text("text", ""), Is.EqualTo("NaN \" Infinity"));
            Assert.That(config.Integer("n", 0), Is.EqualTo(3));
            Assert.That(config.Integer("absent", 7), Is.EqualTo(7));
            Assert.That(config.OptionalInteger("none"), Is.Null);
            Assert.That(() => config.Number("b", 0), Throws.InstanceOf<ModelFormatException>());
            Assert.That(() => config.Integer("n", 0, most: 2), Throws.InstanceOf<ModelFormatException>().With.Message.Contains("from 1 to 2"));
            Assert.That(() => config.Integers("list", []), Throws.InstanceOf<ModelFormatException>());
            Assert.That(() => config.Flag("flag", true), Throws.InstanceOf<ModelFormatException>());
            Assert.That(() => config.Choice("text", "x", "y"), Throws.InstanceOf<ModelFormatException>().With.Message.Contains("one of x, y"));
        });
    }

    [TestCase("{")]
    [TestCase("[]")]
    [TestCase("{\"a\": 1, \"a\": 2}")]
    [TestCase("{\"_class_name\": \"\\ud800\"}")]
    [TestCase("{\"\\ud800\": 1}")]
    public void A_broken_config_ends_in_one_line(string json)
    {
        var path = Path.Combine(_folder, "config.json");
        File.WriteAllText(path, json);
        var error = Assert.Throws<ModelFormatException>(() => ModelConfig.Read(path).RequireClass("X"));
        Assert.That(error!.Message, Does.StartWith(path).And.Not.Contain('\n'));
    }

    private static float[] Prediction(string name) => Prediction(DiTTransformer2D.Load(DataFolder.Path("fixtures", "files", name)));

    private static float[] Prediction(DiTTransformer2D network)
    {
        var latent = new Tensor([.. Enumerable.Range(0, 64).Select(i => MathF.Sin(i))], 1, 4, 4, 4);
        var step = new StepContext(0, 10, new Workspace());
        return network.Predict(latent, step, new Conditioning([2]), new FloatUnit()).Span.ToArray();
    }
}
