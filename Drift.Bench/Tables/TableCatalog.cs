namespace Drift.Bench;

/// <summary>The one place where tables are registered, in the order of the report.</summary>
internal static class TableCatalog
{
    /// <summary>All tables.</summary>
    public static IReadOnlyList<ITable> All { get; } =
    [
        new VfIsolines(),
        new QualityVsRate(),
        new SensitivityBit(),
        new SensitivityStep(),
        new SensitivityBlock(),
        new SelfRecovery(),
        new QualityVsVoltage(),
        new QualityVsFrequency(),
        new EnergyVsVoltage(),
        new EnergyVsFrequency(),
        new AblationMethod(),
        new AblationArray(),
        new AblationThreshold(),
        new AblationInterval(),
        new Layout(),
        new Breakdown(),
        new Speedup(),
        new MainResult(),
        new KernelOverhead(),
        new Beyond(),
    ];

    /// <summary>Tables by name, in the order of the report.</summary>
    /// <param name="ids">Names, or all; none at all means all.</param>
    /// <exception cref="UserErrorException">There is none of a name; the message has the closest.</exception>
    public static IReadOnlyList<ITable> Named(IReadOnlyCollection<string> ids)
    {
        if (ids.FirstOrDefault(id => id != "all" && All.All(table => table.Id != id)) is { } unknown)
            throw new UserErrorException($"reproduce: there is no '{unknown}'; {Suggestion(unknown)}");
        return ids.Count == 0 || ids.Contains("all") ? All : [.. All.Where(table => ids.Contains(table.Id))];
    }

    private static string Suggestion(string unknown)
    {
        var names = All.Select(table => table.Id).ToList();
        var close = ClosestNames.Of(unknown, names);
        return close.Count > 0 ? $"did you mean {string.Join(" or ", close)}? There are {string.Join(", ", names)}" : $"there are {string.Join(", ", names)}, and all";
    }
}
