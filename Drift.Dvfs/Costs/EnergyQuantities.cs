namespace Drift.Dvfs;

/// <summary>The quantities that a file of energies may name, each with its unit.</summary>
internal static class EnergyQuantities
{
    /// <summary>The names.</summary>
    public const string Mac = "int8_mac", DramByte = "dram_byte", SramByte = "sram_byte", Addition = "int32_add", Leakage = "array_leakage", Settling = "regulator_settling", Loss = "regulator_loss";

    private const double Nano = 1e-9, Pico = 1e-12;

    private static readonly Quantity[] All =
    [
        new(Mac, "pJ", Pico, true), new(DramByte, "pJ/B", Pico, true), new(SramByte, "pJ/B", Pico), new(Addition, "pJ", Pico), new(Leakage, "mW", 1e-3),
        new(Settling, "ns/V", Nano), new(Loss, "nJ/V2", Nano),
    ];

    /// <summary>All of them, for complaints.</summary>
    public static string Forms => string.Join(", ", All.Select(quantity => $"{quantity.Name} in {quantity.Unit}"));

    /// <summary>A quantity by its name; null where there is none.</summary>
    public static Quantity? Find(string name) => Array.Find(All, quantity => quantity.Name == name);

    /// <summary>The first required quantity that is not among some names; null where none is missing.</summary>
    public static Quantity? Missing(IEnumerable<string> names) => Array.Find(All, quantity => quantity.Required && !names.Contains(quantity.Name));

    /// <summary>A quantity.</summary>
    /// <param name="Name">Its name in files.</param>
    /// <param name="Unit">Its unit there.</param>
    /// <param name="Scale">What turns its number into SI units.</param>
    /// <param name="Required">Whether every file must have it, above 0.</param>
    public sealed record Quantity(string Name, string Unit, double Scale, bool Required = false);
}
