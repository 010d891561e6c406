using Drift.Bench;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>cuBLAS without a GPU: how it is found, and that our calls mean C = A W^T by its contract.</summary>
public sealed class CuBlasTests
{
    private static readonly GemmShape[] Shapes = [new(5, 37, 19), new(1, 2, 3), new(16, 48, 32), new(33, 16, 64)];

    [TestCaseSource(nameof(Shapes))]
    public void Sgemm_is_called_for_our_product(GemmShape shape)
    {
        var device = new HostCuda();
        using var operands = Operands.Float(shape);
        using (var ours = new OurFloatProduct(operands, 1, Guarding.None))
        using (var theirs = new CuBlasFloat(device, Found).Open(operands, 1))
            Agreement.Require(ours, theirs, shape, 1e-6);
        Assert.That(device.Held, Is.Zero, "all memory is given back");
    }

    [TestCaseSource(nameof(Shapes))]
    public void GemmEx_is_called_for_our_product(GemmShape shape)
    {
        var device = new HostCuda();
        using var operands = Operands.Int8(shape);
        using (var ours = new OurInt8Product(operands, 1, Guarding.None))
        using (var theirs = CuBlasGemmEx.Int8(device, Found).Open(operands, 1))
            Agreement.Require(ours, theirs, shape, 0);
        Assert.That(device.Held, Is.Zero, "all memory is given back");
    }

    [TestCaseSource(nameof(Shapes))]
    public void GemmEx_is_called_for_our_product_of_fp16(GemmShape shape)
    {
        var device = new HostCuda();
        using var operands = Operands.Halves(shape);
        using var widened = new Operands<float>(shape);
        Widen(operands.Activations.Span, widened.Activations.Span);
        Widen(operands.Weights.Span, widened.Weights.Span);
        using (var ours = new OurFloatProduct(widened, 1, Guarding.None))
        using (var theirs = CuBlasGemmEx.Halves(device, Found).Open(operands, 1))
            Agreement.Require(ours, theirs, shape, 1e-6);
        Assert.That(device.Held, Is.Zero, "all memory is given back");
    }

    [Test]
    public void Repeated_products_are_queued_together_and_waited_for_once()
    {
        var device = new HostCuda();
        using var operands = Operands.Float(Shapes[0]);
        using var product = new CuBlasFloat(device, Found).Open(operands, 1);
        var (bound, waits) = (device.Bound, device.Waits);
        product.Repeat(5);
        Assert.That((device.Bound - bound, device.Waits - waits), Is.EqualTo((1, 1)));
    }

    [Test]
    public void A_call_that_fails_has_its_status_in_one_line_and_gives_all_back()
    {
        var device = new HostCuda();
        using var operands = Operands.Float(Shapes[0]);
        // SetStream in the place of Create: a status other than success.
        CuBlasLibrary? Broken(out string missing)
        {
            missing = "";
            return new(name => ColumnMajorBlas.Function(name == "cublasCreate_v2" ? "cublasDestroy_v2" : name), null);
        }

        var said = Assert.Throws<UserErrorException>(() => new CuBlasFloat(device, Broken).Open(operands, 1))!.Message;
        Assert.That(said, Does.Contain("cuBLAS sgemm").And.Contain("cublasCreate").And.Contain("status 1"));
        Assert.That(device.Held, Is.Zero);
    }

    [Test]
    public void A_handle_that_gets_no_stream_is_given_back()
    {
        // The stand-in takes one stream only.
        var device = new HostCuda { Stream = HostCuda.OwnStream + 1 };
        using var operands = Operands.Float(Shapes[0]);
        var destroyed = 0;
        CuBlasLibrary? Counting(out string missing)
        {
            missing = "";
            return new(name =>
            {
                destroyed += name == "cublasDestroy_v2" ? 1 : 0;
                return ColumnMajorBlas.Function(name);
            }, null);
        }

        Assert.That(Assert.Throws<UserErrorException>(() => new CuBlasFloat(device, Counting).Open(operands, 1))!.Message, Does.Contain("cublasSetStream").And.Contain("status 7"));
        Assert.That(destroyed, Is.EqualTo(1));
    }

    [TestCase("/a/libcublas.so.12/libcublas.so.13", "/a/libcublas.so.12/libcublasLt.so.13", Description = "the folder stays as it is")]
    [TestCase("libcublas.so.12", "libcublasLt.so.12")]
    [TestCase("/libcublas.d/mine.so", null, Description = "what is named otherwise is not loaded twice")]
    public void The_light_library_lies_beside(string file, string? light) => Assert.That(CuBlasLibrary.Beside(file), Is.EqualTo(light));

    [Test]
    public void The_version_is_read_by_parts() => Assert.That(Found(out _)!.Version, Is.EqualTo("10.11.12"));

    [Test]
    public void A_library_that_is_here_has_all_that_is_called()
    {
        if (CuBlasLibrary.Find(Environment.GetEnvironmentVariable, out var missing) is not { } library)
        {
            Assert.Ignore(missing);
            return;
        }

        Assert.That(library.Version, Does.Match(@"^\d+\.\d+\.\d+$"));
        foreach (var name in (string[])["cublasCreate_v2", "cublasDestroy_v2", "cublasSetStream_v2", "cublasSgemm_v2", "cublasGemmEx"])
            Assert.That(library.Blas(name), Is.Not.Zero, name);
        foreach (var call in (string[])["Create", "Destroy", "Matmul", "MatmulDescCreate", "MatmulDescDestroy", "MatmulDescSetAttribute", "MatrixLayoutCreate", "MatrixLayoutDestroy",
            "MatmulPreferenceCreate", "MatmulPreferenceDestroy", "MatmulPreferenceSetAttribute", "MatmulAlgoGetHeuristic"])
            Assert.That(library.Light?.Invoke($"cublasLt{call}"), Is.Not.Null.And.Not.Zero, call);
    }

    [Test]
    public void An_absent_library_says_what_to_install()
    {
        if (CuBlasLibrary.Find(_ => null, out var missing) is not null)
            Assert.Ignore("cuBLAS is here");
        Assert.That(missing, Does.Contain("libcublas.so.13").And.Contain("install").And.Contain("DRIFT_CUBLAS"));
        Assert.That(missing, Does.Not.Contain("\n"));
    }

    [Test]
    public void A_variable_that_names_nothing_is_named()
    {
        Assert.That(CuBlasLibrary.Find(name => name == CuBlasLibrary.Variable ? "/nowhere" : null, out var missing), Is.Null);
        Assert.That(missing, Does.Contain("DRIFT_CUBLAS=/nowhere").And.Contain("libcublas.so.13"));
    }

    [Test]
    public void A_file_that_is_no_library_is_named()
    {
        var folder = Directory.CreateTempSubdirectory("drift-cublas");
        try
        {
            var file = Path.Combine(folder.FullName, "libcublas.so.12");
            File.WriteAllText(file, "not a library");
            foreach (var place in (string[])[file, folder.FullName])
            {
                Assert.That(CuBlasLibrary.Find(_ => place, out var missing), Is.Null);
                Assert.That(missing, Does.Contain(file).And.Contain("does not load").And.Contain("DRIFT_CUBLAS"));
            }
        }
        finally
        {
            folder.Delete(true);
        }
    }

    private static CuBlasLibrary Found(out string missing)
    {
        missing = "";
        return new(ColumnMajorBlas.Function, null);
    }

    private static void Widen(ReadOnlySpan<Half> from, Span<float> to)
    {
        for (var i = 0; i < from.Length; i++)
            to[i] = (float)from[i];
    }
}
