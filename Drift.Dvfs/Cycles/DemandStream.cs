namespace Drift.Dvfs;

/// <summary>
/// What one operand asks of its SRAM during a fold: some lanes (rows or columns of the array), each with consecutive elements, lane after lane one cycle later
/// where the stream is skewed.
/// </summary>
/// <param name="Lanes">Lanes in use.</param>
/// <param name="LaneBase">Coordinate of lane 0 in the operand.</param>
/// <param name="Start">Cycle of the fold in which lane 0 has its place 0.</param>
/// <param name="First">First place in use.</param>
/// <param name="End">One more than the last place in use.</param>
/// <param name="StepBase">Coordinate of place 0 in the operand.</param>
/// <param name="Direction">1 where coordinates ascend from place to place, -1 where they descend.</param>
/// <param name="Skewed">True where each lane lags the one before by a cycle.</param>
internal readonly record struct DemandStream(int Lanes, int LaneBase, int Start, int First, int End, int StepBase, int Direction, bool Skewed)
{
    /// <summary>Consecutive elements, skewed: lane i asks for element j in cycle start + i + j.</summary>
    public static DemandStream Flowing(Fold lanes, int start, int length) => new(lanes.Used, lanes.Base, start, 0, length, 0, 1, true);

    /// <summary>A block that fills the array row by row, all lanes at once, last row first.</summary>
    public static DemandStream Filling(Fold lanes, Fold steps, int edge) =>
        new(lanes.Used, lanes.Base, 0, edge - steps.Used, edge, steps.Base + edge - 1, -1, false);

    /// <summary>A block that leaves the array row by row, skewed, last row first.</summary>
    public static DemandStream Leaving(Fold lanes, Fold steps, int edge, int start) =>
        new(lanes.Used, lanes.Base, start, edge - steps.Used, edge, steps.Base + edge - 1, -1, true);

    /// <summary>The lanes that ask for something in a cycle of the fold: from the first up to, not including, the last.</summary>
    public (int From, int To) LanesAt(int cycle)
    {
        var place = cycle - Start;
        return Skewed ? (Math.Max(0, place - End + 1), Math.Min(Lanes, place - First + 1)) : place >= First && place < End ? (0, Lanes) : (0, 0);
    }

    /// <summary>The coordinate along the stream that a lane asks for in a cycle.</summary>
    public int Step(int cycle, int lane) => StepBase + Direction * (cycle - Start - (Skewed ? lane : 0));
}

/// <summary>A fold's share of an extent.</summary>
/// <param name="Base">Where it begins.</param>
/// <param name="Used">How much of the array's edge it fills.</param>
internal readonly record struct Fold(int Base, int Used)
{
    /// <summary>Fold number <paramref name="index"/> of an extent cut into pieces of an edge.</summary>
    public static Fold Of(int index, int edge, int extent) => new(index * edge, Math.Min(edge, extent - index * edge));
}
