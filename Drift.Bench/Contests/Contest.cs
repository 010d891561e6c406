using Drift.Kernels;

namespace Drift.Bench;

/// <summary>A kernel with its operands.</summary>
internal interface IContender : ISide
{
    /// <summary>What was last computed, in the contest's order of values.</summary>
    double[] Values();
}

/// <summary>A kernel of ours, plain and protected, and the rivals that compute the same from the same operands.</summary>
/// <param name="What">conv, attention or the name of a norm.</param>
/// <param name="Type">int8, fp32 or bf16.</param>
/// <param name="Label">The shape's name in tables.</param>
/// <param name="Shape">M, N and K as the JSON has them; the lists say what they are.</param>
/// <param name="Operations">Operations of a run: two a multiply-accumulate, or one a value. Checks count as none.</param>
/// <param name="Unit">Unit of speed: 10^9 of those a second.</param>
/// <param name="Tolerance">Largest difference between two sides, as a share of the largest magnitude.</param>
internal sealed record Contest(string What, string Type, string Label, GemmShape Shape, double Operations, string Unit, double Tolerance)
{
    /// <summary>Ours by protection: "none" first. Given the number of threads.</summary>
    public required IReadOnlyList<(string Protection, Func<int, IContender> Open)> Ours { get; init; }

    /// <summary>What meets in a bout: the unprotected form, itself once more as the control, and the protected ones.</summary>
    public IReadOnlyList<(string Protection, Func<int, IContender> Open)> Forms => [Ours[0], ($"{Ours[0].Protection}, again", Ours[0].Open), .. Ours.Skip(1)];

    /// <summary>The rivals in ONNX Runtime. Given the number of threads.</summary>
    public IReadOnlyList<Func<int, IContender>> Rivals { get; init; } = [];

    /// <summary>The rivals in libtorch. Given the number of threads.</summary>
    public IReadOnlyList<Func<int, IContender>> TorchRivals { get; init; } = [];
}

/// <summary>A kernel of ours from its parts.</summary>
/// <param name="name">The name that tables show.</param>
/// <param name="run">What is timed.</param>
/// <param name="values">Reads what was last computed.</param>
/// <param name="owned">Disposed with it.</param>
internal sealed class OurContender(string name, Action run, Func<double[]> values, params IDisposable[] owned) : IContender
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public void Run() => run();

    /// <inheritdoc/>
    public double[] Values() => values();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var one in owned)
            one.Dispose();
    }
}
