using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Linq.Expressions;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>One process that draws again and again, as a long campaign or a service does: a later run makes no code that an earlier one has made.</summary>
[TestFixture, NonParallelizable]
public sealed class RunAfterRunTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [TestCase("compare", "--rows", "nominal,drift")]
    [TestCase("generate")]
    public async Task A_third_run_compiles_no_method_at_run_time(params string[] command)
    {
        using var made = new MethodsMadeAtRunTime();
        // What is called by reflection gets its stub at the second call.
        await Draw(command);
        await Draw(command);
        await made.HearAll();
        made.Names.Clear();
        await Draw(command);
        Assert.That(await made.HearAll(), Is.Empty);
    }

    private static async Task Draw(string[] command)
    {
        var folder = Directory.CreateTempSubdirectory("drift-again-").FullName;
        try
        {
            var bodies = new CommandBodies(Comparison.Run, Generation.Run, (_, _) => 1, (_, _) => 1);
            string[] arguments = [.. command, "--images", "1", "--steps", "1", "--out", Path.Combine(folder, "run")];
            Assert.That(await DriftCommand.Run(arguments, bodies, TextWriter.Null, TextWriter.Null), Is.Zero);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    /// <summary>Names of methods that were compiled without an assembly: compiled expressions and emitted ones. Tiers of methods that lie in assemblies do not count.</summary>
    private sealed class MethodsMadeAtRunTime : EventListener
    {
        private const EventKeywords Jit = (EventKeywords)0x10;
        private const uint IsDynamic = 1;
        private const string Last = "last ";
        private int _calls;

        public ConcurrentQueue<string> Names { get; } = [];

        /// <summary>What was heard until now: events come late but in order, so a method made now is the last of them.</summary>
        public async Task<IReadOnlyList<string>> HearAll()
        {
            var (last, until) = ($"{Last}{++_calls} ", DateTime.UtcNow + Patience);
            do
            {
                Assert.That(DateTime.UtcNow, Is.LessThan(until), "the runtime tells of methods that it compiles");
                // Again and again: on a busy machine an event can be dropped.
                Expression.Lambda<Action>(Expression.Empty(), $"{last}of all", []).Compile()();
                await Task.Delay(20);
            }
            while (!Names.Any(name => name.StartsWith(last, StringComparison.Ordinal)));
            return [.. Names.TakeWhile(name => !name.StartsWith(last, StringComparison.Ordinal)).Where(name => !name.StartsWith(Last, StringComparison.Ordinal))];
        }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
                EnableEvents(eventSource, EventLevel.Verbose, Jit);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName?.StartsWith("MethodLoadVerbose", StringComparison.Ordinal) == true && (Convert.ToUInt32(Of("MethodFlags")) & IsDynamic) != 0)
                Names.Enqueue($"{Of("MethodName")} {Of("MethodSignature")}");

            object? Of(string field) => eventData.Payload![eventData.PayloadNames!.IndexOf(field)];
        }
    }
}
