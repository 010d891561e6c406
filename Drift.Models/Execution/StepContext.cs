using Drift.Kernels;

namespace Drift.Models;

/// <summary>Where a run stands.</summary>
/// <param name="Index">Zero-based index of the step in sampling order.</param>
/// <param name="Timestep">The sampler's own timestep, as the network was trained to read it.</param>
/// <param name="Workspace">Scratch memory of the thread at work.</param>
public sealed record StepContext(int Index, double Timestep, Workspace Workspace);
