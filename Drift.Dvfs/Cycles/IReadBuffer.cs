namespace Drift.Dvfs;

/// <summary>An operand's double-buffered SRAM: half serves the array while the other half is filled from DRAM.</summary>
internal interface IReadBuffer
{
    /// <summary>Words read from DRAM.</summary>
    long Reads { get; }

    /// <summary>When DRAM is first and last read.</summary>
    CycleSpan Dram { get; }

    /// <summary>When the array first and last read.</summary>
    CycleSpan Sram { get; }

    /// <summary>Serves the requests of one cycle, lane after lane.</summary>
    /// <param name="stream">The fold's requests.</param>
    /// <param name="foldCycle">Cycle within the fold.</param>
    /// <param name="cycle">Cycle of the run, stalls included.</param>
    /// <returns>How long the array waits; SCALE-Sim's own model may give less than 0, which means 0.</returns>
    long Serve(in DemandStream stream, int foldCycle, long cycle);

    /// <summary>Accounts for what was still to be fetched.</summary>
    void Finish();
}
