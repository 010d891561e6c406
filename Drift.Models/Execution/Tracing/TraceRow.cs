using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>What a charge is for.</summary>
public enum ChargeKind
{
    /// <summary>A guarded product, with its checks.</summary>
    Product,

    /// <summary>Outputs read back from a checkpoint.</summary>
    Restore,

    /// <summary>Outputs written to a checkpoint.</summary>
    Save,

    /// <summary>A product of a layer that is left untouched.</summary>
    Untouched,

    /// <summary>The products of one head of an attention.</summary>
    Attention,

    /// <summary>The supply going from one point to another while the array waits.</summary>
    Transition,

    /// <summary>Features read or written by a cache that forecasts blocks.</summary>
    Cache,
}

/// <summary>What a guarded product met.</summary>
/// <param name="Point">Where it executed.</param>
/// <param name="Faults">Flips injected.</param>
/// <param name="Flagged">Lines flagged.</param>
public readonly record struct ProductEvents(OperatingPoint Point, int Faults, int Flagged);

/// <summary>One charge of one picture's run.</summary>
/// <param name="Site">Where it arose; an attention stands at the product before it.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Cost">What it cost. Modelled.</param>
/// <param name="Events">What a guarded product met; null for other work, which is done at the nominal point.</param>
/// <param name="Mended">Elements replaced.</param>
public readonly record struct TraceRow(GemmSite Site, ChargeKind Kind, Cost Cost, ProductEvents? Events, int Mended);
