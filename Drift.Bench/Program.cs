using System.Diagnostics;
using System.Runtime.InteropServices;
using Drift.Bench;

// What the libraries warn of, a line each.
Trace.Listeners.Add(new ConsoleTraceListener(useErrorStream: true));
// A file past the limit of ulimit -f is an error like a full disk; the signal would end the process where it stands.
const int FileSizeExceeded = 25;
using var limit = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create((PosixSignal)FileSizeExceeded, context => context.Cancel = true);
Console.SetOut(new StandardOutput(Console.Out));
return await DriftCommand.Run(args, new CommandBodies(Comparison.Run, Generation.Run, DecodingCampaign.Run, Campaign.Run), Console.Out, Console.Error);
