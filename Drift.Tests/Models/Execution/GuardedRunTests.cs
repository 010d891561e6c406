using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>What must hold of whole runs of the trained DiT, few steps long.</summary>
[TestFixture]
public sealed class GuardedRunTests
{
    private const int Steps = 4;
    private const int GuardedLayers = 12 * 6;
    private Workbench _bench = null!;

    [OneTimeSetUp]
    public void Open() => _bench = new Workbench();

    [OneTimeTearDown]
    public void Close() => _bench.Dispose();

    [Test]
    public void A_picture_is_the_same_alone_and_among_others_on_any_number_of_threads()
    {
        var requests = Workbench.Requests(5);
        foreach (var strategy in new[] { Workbench.Drift, Workbench.Guarded with { Outputs = OutputForm.Wide } })
        {
            var together = _bench.Draw(requests, strategy, Steps, threads: 1);
            var shared = _bench.Draw(requests, strategy, Steps, threads: 3);
            for (var i = 0; i < requests.Count; i++)
            {
                var alone = _bench.Draw([requests[i]], strategy, Steps)[0];
                Assert.Multiple(() =>
                {
                    Assert.That(alone.Image.Span.SequenceEqual(together[i].Image.Span), $"picture {i}, among others");
                    Assert.That(alone.Image.Span.SequenceEqual(shared[i].Image.Span), $"picture {i}, threads");
                    Assert.That(alone.Ledger, Is.EqualTo(together[i].Ledger));
                    Assert.That(alone.Ledger, Is.EqualTo(shared[i].Ledger));
                });
            }
        }
    }

    [TestCase(OutputForm.Saturating)]
    [TestCase(OutputForm.Wide)]
    public void A_batch_as_one_unit_with_a_shared_memory_gives_the_same_pictures_as_one_at_a_time(OutputForm outputs)
    {
        var (requests, strategy, memory) = (Workbench.Requests(3), Workbench.Guarded with { Outputs = outputs }, new RowMemory());
        var alone = _bench.Draw(requests, strategy, Steps);
        for (var repeat = 0; repeat < 2; repeat++)
        {
            var runs = requests.Select(request => new PictureRun(request)).ToList();
            var (channels, height, width) = _bench.Pipeline.Denoiser.LatentShape;
            var latents = new Tensor(3, channels, height, width);
            for (var i = 0; i < 3; i++)
                _bench.Pipeline.Noise(requests[i]).Span.CopyTo(latents.Slice(i, 1).Span);
            using var unit = new GuardedGemm(_bench.Platform, strategy, _bench.Layers, runs, memory);
            var settings = new SamplingSettings(Steps, 2);
            _bench.Pipeline.Denoise(latents, _bench.Pipeline.Conditioner.Condition(requests, settings, new FloatUnit(), new Workspace()), settings, unit, new Workspace());
            var whole = _bench.Pipeline.Decode(latents, new FloatUnit(), new Workspace());
            for (var i = 0; i < 3; i++)
                Assert.That(whole.Slice(i, 1).Span.SequenceEqual(alone[i].Image.Span), $"picture {i}, repeat {repeat}");
        }

        Assert.That(memory.Bytes, Is.Positive);
    }

    [Test]
    public void The_implied_deviation_is_the_measured_one_at_every_site_of_a_run()
    {
        var sites = new HashSet<GemmSite>();
        var (implied, measured, flips) = (new LineSums(), new LineSums(), 0L);
        _bench.Draw(Workbench.Requests(1), Workbench.Guarded, Steps, watch: product =>
        {
            ImpliedDeviation.Sum(product.Faults, product.Output, 32, implied);
            ImpliedDeviation.Measure(product.Output.Expected, product.Output.Observed, measured);
            Assert.That(implied.Rows.SequenceEqual(measured.Rows) && implied.Columns.SequenceEqual(measured.Columns), $"{product.Site}");
            sites.Add(product.Site);
            flips += product.Faults.Count;
        });
        Assert.Multiple(() =>
        {
            Assert.That(sites, Has.Count.EqualTo(Steps * GuardedLayers));
            Assert.That(flips, Is.GreaterThan(10_000));
        });
    }

    [Test]
    public void A_clean_run_raises_no_alarm_and_checks_change_nothing()
    {
        var requests = Workbench.Requests(2);
        var plain = _bench.Draw(requests, Workbench.Nominal, Steps);
        var guarded = _bench.Draw(requests, Workbench.Nominal with { Protection = Workbench.Rollback }, Steps);
        for (var i = 0; i < requests.Count; i++)
        {
            var ledger = guarded[i].Ledger;
            Assert.Multiple(() =>
            {
                Assert.That(plain[i].Image.Span.SequenceEqual(guarded[i].Image.Span));
                Assert.That((ledger.FaultsInjected, ledger.LinesFlagged, ledger.FalseAlarms, ledger.ElementsMended), Is.EqualTo((0L, 0L, 0L, 0L)));
                Assert.That(ledger.Cost.ChecksumMacs, Is.Positive);
                Assert.That(plain[i].Ledger.Cost.ChecksumMacs, Is.Zero);
            });
        }
    }

    [Test]
    public void Every_missed_large_fault_is_explained_and_no_alarm_is_false()
    {
        var ledger = _bench.Draw(Workbench.Requests(4), Workbench.Guarded, Steps).Select(picture => picture.Ledger).Aggregate((a, b) => a + b);
        Assert.Multiple(() =>
        {
            Assert.That(ledger.MissedLarge, Is.Positive, "at 0.675 V some cancel");
            Assert.That(ledger.MissedUnexplained, Is.Zero);
            Assert.That(ledger.FalseAlarms, Is.Zero);
        });
    }

    [Test]
    public void A_high_threshold_misses_more_large_faults_and_explains_its_own()
    {
        RunLedger Total(int threshold) => _bench.Draw(Workbench.Requests(1), Workbench.Guarded with { Protection = Protection.Rollback(threshold: threshold) }, Steps)[0].Ledger;
        var (usual, high) = (Total(1 << 10), Total(1 << 16));
        Assert.Multiple(() =>
        {
            Assert.That(high.MissedLarge, Is.GreaterThan(10 * usual.MissedLarge), "bits 10..15 lie below 2^16 and are large all the same");
            Assert.That(high.MissedUnexplained, Is.Zero, "the rule never promised them");
        });
    }

    [Test]
    public void The_fault_count_is_the_rate_times_the_elements()
    {
        var (elements, flips) = (0L, 0L);
        _bench.Draw(Workbench.Requests(2), Workbench.Unprotected, Steps, threads: 1, watch: product =>
        {
            elements += (long)product.Output.Shape.M * product.Output.Shape.N;
            flips += product.Faults.Count;
        });
        var expected = elements * 3.219e-3;
        Assert.That(flips, Is.EqualTo(expected).Within(5 * Math.Sqrt(expected)));
    }

    [Test]
    public void Drift_keeps_the_first_two_steps_clean_and_charges_each_site_at_its_point()
    {
        var points = new Dictionary<int, HashSet<OperatingPoint>>();
        _bench.Draw(Workbench.Requests(1), Workbench.Drift, Steps, watch: product =>
        {
            points.TryAdd(product.Site.Step, []);
            points[product.Site.Step].Add(product.Point);
            Assert.That(product.Faults.IsEmpty, Is.EqualTo(product.Site.Step < 2));
        });
        Assert.That(points.OrderBy(p => p.Key).Select(p => p.Value.Single()),
            Is.EqualTo(new[] { OperatingPoint.Nominal, OperatingPoint.Nominal, Workbench.Undervolted, Workbench.Undervolted }));
    }

    [Test]
    public void The_ledger_charges_the_macs_of_the_true_shapes()
    {
        var cost = _bench.Draw(Workbench.Requests(1), Workbench.Nominal, 1)[0].Ledger.Cost;
        // 12 blocks x 128 rows x (4 x 128 x 128 + 2 x 128 x 512), and the untouched layers: embedders, modulation (2 rows each), patches, final layer, and Q K^T and A V of 2 samples with 4 heads.
        const long guarded = 12L * 128 * (4 * 128 * 128 + 2 * 128 * 512);
        const long untouched = 12L * 2 * (256 * 128 + 128 * 128 + 128 * 768) + 128L * (4 * 128 + 128 * 4) + 2L * 128 * 256
            + 12L * 2 * 4 * 2 * 64 * 64 * 32;
        Assert.Multiple(() =>
        {
            Assert.That(cost.Macs, Is.EqualTo(guarded + untouched));
            Assert.That(cost.ComputeEnergy.Value, Is.EqualTo((guarded + untouched) * 0.16e-12).Within(1e-9).Percent);
        });
    }

    [Test]
    public void Instruction_paths_and_backends_draw_the_same_picture()
    {
        var reference = Digest(new HostBackend());
        foreach (var path in HostBackend.InstructionPaths.Where(path => path.Missing is null))
            Assert.That(Digest(new HostBackend(2, path.Name)), Is.EqualTo(reference), path.Name);
        Assert.That(Digest(new ReferenceBackend()), Is.EqualTo(reference), "reference");

        static string Digest(IGemmBackend backend)
        {
            using var bench = new Workbench(backend);
            var picture = bench.Draw(Workbench.Requests(1), Workbench.Guarded, 2)[0];
            return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(picture.Image.Span)));
        }
    }
}
