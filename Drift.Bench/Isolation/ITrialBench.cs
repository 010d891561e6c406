namespace Drift.Bench;

/// <summary>Runs trials of one type of product. Serves one thread.</summary>
internal interface ITrialBench : IDisposable
{
    /// <summary>Trials that share their weights.</summary>
    const int Batch = 64;

    /// <summary>Runs a batch of trials and counts them. A pure function of the batch's number.</summary>
    /// <param name="batch">Number of the batch, from 0.</param>
    /// <param name="trials">Trials of it, 1..<see cref="Batch"/>.</param>
    /// <param name="tally">Takes the counts.</param>
    void Run(int batch, int trials, AbftTally tally);

    /// <summary>One product of the last operands with its checks, without faults: for timing. fp32: with its line sums; a bound's thresholds are the trials' own.</summary>
    void RunGuarded();

    /// <summary>The same product without them.</summary>
    void RunPlain();
}
