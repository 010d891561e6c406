using System.Globalization;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Libtorch;
using Drift.Models;

// Forward passes of DiT-XL/2-256, ours against libtorch's, in one process, in turn. Arguments: a folder of drift skeleton dit-xl-2-256, a file of energies, threads, rounds.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var (folder, energy, threads, rounds) = (args[0], args[1], int.Parse(args[2]), int.Parse(args[3]));
var network = DiTTransformer2D.Load(Path.Combine(folder, "transformer"));
Strategy Protected() => new(() => new UniformPolicy(OperatingPoint.Nominal), OutputForm.Saturating, Protection.Rollback());
using var backend = new HostBackend();
using var layers = new QuantisedLayers(backend);
using var safe = new Ours(network, Protected(), layers, 0, energy, threads);
using var faulty = new Ours(network, Protected(), layers, 3.219e-3, energy, threads);
using var theirs = new Theirs(2 * threads, threads);

// The first pass packs weights.
Console.WriteLine($"first passes: {safe.Step(0):F2} s, {faulty.Step(0):F2} s, {theirs.Forward():F2} s");
var times = new List<(double Safe, double Faulty, double Theirs)>();
var (profile, under) = (new Profile(), new Profile());
for (var round = 1; round <= rounds; round++)
{
    times.Add((safe.Step(round), faulty.Step(round), theirs.Forward()));
    safe.Step(rounds + round, profile);
    faulty.Step(rounds + round, under);
}

double Median(Func<(double Safe, double Faulty, double Theirs), double> of) => times.Select(of).Order().ElementAt(times.Count / 2);
Console.WriteLine($"{threads} pictures of 2 samples on {threads} threads, medians of {rounds}:");
Console.WriteLine($"libtorch fp32                        {Median(time => time.Theirs):F3} s");
Console.WriteLine($"ours, INT8, protected                {Median(time => time.Safe):F3} s, {Median(time => time.Theirs / time.Safe):F2} times as fast");
Console.WriteLine($"ours, INT8, protected, 0.3219 % hit  {Median(time => time.Faulty):F3} s, {Median(time => time.Theirs / time.Faulty):F2} times as fast");
foreach (var (name, measured) in new[] { ("no hits", profile), ("hits", under) })
{
    Console.WriteLine($"{name}: outside products, convolutions and attention {100 * (1 - measured.Entries.Sum(entry => entry.Time.TotalSeconds) / measured.Total.TotalSeconds):F1} %");
    foreach (var kind in measured.Entries.GroupBy(entry => entry.Kind).OrderByDescending(kind => kind.Sum(entry => entry.Time.TotalSeconds)))
        Console.WriteLine($"    {kind.Key,-18} {100 * kind.Sum(entry => entry.Time.TotalSeconds) / measured.Total.TotalSeconds,5:F1} %  {kind.Sum(entry => entry.Macs) / kind.Sum(entry => entry.Time.TotalSeconds) / 1e9,6:F1} GMAC/s");
}
