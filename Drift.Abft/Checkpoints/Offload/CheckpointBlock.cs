namespace Drift.Abft;

/// <summary>A piece of a tier's memory that does not move.</summary>
/// <param name="tier">Where it comes from and goes back to.</param>
/// <param name="address">Its first byte, a multiple of <see cref="Alignment"/>.</param>
/// <param name="size">Bytes, a multiple of <see cref="Alignment"/>.</param>
public sealed unsafe class CheckpointBlock(ICheckpointTier tier, nint address, int size)
{
    /// <summary>Blocks begin and end on whole cache lines.</summary>
    public const int Alignment = 64;

    /// <summary>Where it comes from and goes back to.</summary>
    public ICheckpointTier Tier => tier;

    /// <summary>Bytes.</summary>
    public int Size => size;

    /// <summary>Its first byte, valid until it is given back.</summary>
    internal byte* Start => (byte*)address;

    /// <summary>Its bytes, valid until it is given back.</summary>
    public Span<byte> Span => new((void*)address, size);

    /// <summary>Bytes of a block that holds some.</summary>
    /// <param name="bytes">Bytes to hold, at least 0.</param>
    /// <exception cref="OverflowException">More than a block can hold, 2 GiB.</exception>
    public static int SizeFor(long bytes) => checked((int)((bytes + Alignment - 1) / Alignment * Alignment));
}
