using System.Diagnostics;
using Drift.Bench;

// What the libraries warn of, a line each.
Trace.Listeners.Add(new ConsoleTraceListener(useErrorStream: true));
return await DriftCommand.Run(args, new CommandBodies(Comparison.Run, Generation.Run, DecodingCampaign.Run, Campaign.Run), Console.Out, Console.Error);
