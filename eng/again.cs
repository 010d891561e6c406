#:project ../Drift.Bench/Drift.Bench.csproj
#:property ConcurrentGarbageCollection=false
#:property PublishAot=false
// A command of drift again and again in one process, and what the process holds after each run (Linux): dotnet run -c Release eng/again.cs 50 compare --model sd-emoji --images 2 --steps 4
using System.Globalization;
using System.Reflection;
using System.Runtime;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var (runs, command, console) = (int.Parse(args[0], CultureInfo.InvariantCulture), args[1..], Console.Out);
var drift = Assembly.Load("drift").EntryPoint!;
var root = Directory.CreateTempSubdirectory("drift-again-").FullName;
console.WriteLine("run  exit  private-MB  resident-MB  managed-MB  methods  threads   (private and resident are less what the collector has committed)");
for (var run = 1; run <= runs; run++)
{
    var compiled = JitInfo.GetCompiledMethodCount();
    Console.SetOut(TextWriter.Null);
    var exit = drift.Invoke(null, [(string[])[.. command, "--out", Path.Combine(root, $"{run}")]]);
    Console.SetOut(console);
    compiled = JitInfo.GetCompiledMethodCount() - compiled;
    Directory.Delete(Path.Combine(root, $"{run}"), true);
    // What the collector keeps in reserve is its own affair.
    GC.Collect(2, GCCollectionMode.Aggressive, true, true);
    var status = File.ReadLines("/proc/self/status").Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim().Split(' ')[0]);
    var committed = GC.GetGCMemoryInfo().TotalCommittedBytes / 1e6;
    double Megabytes(string field) => double.Parse(status[field], CultureInfo.InvariantCulture) * 1024 / 1e6;
    console.WriteLine($"{run,3}  {exit,4}  {Megabytes("VmData") - committed,10:F1}  {Megabytes("RssAnon") + Megabytes("RssShmem") - committed,11:F1}  {GC.GetTotalMemory(false) / 1e6,10:F1}  {compiled,7}  {status["Threads"],7}");
}

Directory.Delete(root, true);
