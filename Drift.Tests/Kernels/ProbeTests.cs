using System.Diagnostics;
using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using NUnit.Framework;

namespace Drift.Tests;

[Explicit, Category("Probe")]
public sealed class ProbeTests
{
    [Test]
    public void Probe()
    {
        using var file = new StreamWriter(Environment.GetEnvironmentVariable("OUT") + "/probe.txt") { AutoFlush = true };
        using var wg = new IlgpuBackend("ilgpu-cuda");
        using var mx = new IlgpuBackend("ilgpu-cuda", family: "matrix");
        file.WriteLine(wg.Detail + " | " + mx.Detail);
        foreach (var rows in new[] { "unfused", "fused" })
        {
            Environment.SetEnvironmentVariable("DRIFT_WG", rows);
            file.WriteLine($"trial {rows}: {BackendTrial.Passes(wg)}");
        }

        foreach (var (m, n, k) in new[] { (8192, 8192, 8192), (4096, 4096, 4096), (2048, 2048, 2048), (1024, 1024, 1024), (2048, 3456, 1152), (2048, 1152, 1152), (2048, 4608, 1152), (2048, 1152, 4608), (8192, 3456, 1152), (8192, 1152, 1152), (8192, 4608, 1152), (8192, 1152, 4608) })
        {
            var random = new Random(1);
            var a = new sbyte[m * k];
            var w = new sbyte[n * k];
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(a.AsSpan()));
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(w.AsSpan()));
            var cases = new List<(string Name, string Rows, IDeviceProduct<GemmOutput> Product)>();
            var weights = new List<GemmWeights>();
            var values = a.Select(x => x / 127f).ToArray();
            foreach (var (name, rows, tile) in new[] { ("t0", "fused", 0), ("t128", "fused", 128), ("t32", "fused", 32), ("u128", "unfused", 128), ("u32", "unfused", 32) })
            {
                var own = wg.Prepare(w, n, k, tile);
                weights.Add(own);
                cases.Add(($"{name}", rows, ((IDeviceProducts)wg).Int8(new GemmCall(a, m, k, own))));
                cases.Add(($"q{name}", rows, ((IDeviceProducts)wg).Quantised(values, 1, own)));
            }

            var flops = 2.0 * m * n * k;
            var times = Math.Max(1, (int)(4e-3 / (flops / 700e12)));
            var seconds = cases.Select(_ => new List<double>()).ToArray();
            for (var round = 0; round < 6; round++)
            {
                for (var i = 0; i < cases.Count; i++)
                {
                    Environment.SetEnvironmentVariable("DRIFT_WG", cases[i].Rows);
                    var watch = Stopwatch.StartNew();
                    cases[i].Product.Run(times);
                    if (round > 0)
                        seconds[i].Add(watch.Elapsed.TotalSeconds / times);
                }
            }

            file.WriteLine($"{m}x{n}x{k}: " + string.Join("; ", cases.Select((c, i) => { var s = seconds[i].Order().ElementAt(2); return $"{c.Name} {flops / s / 1e12:F0} ({s * 1e6:F0} us)"; })));
            cases.ForEach(c => c.Product.Dispose());
            weights.ForEach(x => x.Dispose());
        }
    }
}
