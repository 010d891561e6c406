namespace Drift.Bench;

/// <summary>A side of a measurement, ready to be run again and again. All that can be made once has been made: weights are packed, memory is bound.</summary>
internal interface ISide : IDisposable
{
    /// <summary>The name that tables show.</summary>
    string Name { get; }

    /// <summary>Computes.</summary>
    void Run();

    /// <summary>Computes several times; where something else computes, it is waited for once, at the end. This is what is timed.</summary>
    /// <param name="times">How often, at least once.</param>
    void Repeat(int times)
    {
        for (var i = 0; i < times; i++)
            Run();
    }
}
