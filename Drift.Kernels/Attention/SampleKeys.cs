namespace Drift.Kernels;

/// <summary>What the queries of one sample meet.</summary>
/// <param name="Keys">Rows of keys, heads side by side.</param>
/// <param name="Values">Rows of values, as the keys.</param>
/// <param name="First">The sample's first value in both.</param>
/// <param name="Kept">The place of each key before others were left out; empty where none was.</param>
internal readonly record struct SampleKeys(Tensor Keys, Tensor Values, int First, int[] Kept);
