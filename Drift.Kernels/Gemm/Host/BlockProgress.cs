using System.Runtime.InteropServices;

namespace Drift.Kernels;

/// <summary>
/// How far a block is, on cache lines of its own: whose memory it is packed in, what of it nobody has begun to pack, how much is packed, and which panels nobody has begun to multiply, and how many
/// are multiplied.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 128)]
internal struct BlockProgress
{
    public int Slot, Packing, Packed, Multiplying, Multiplied;
}
