namespace Drift.Abft;

/// <summary>How far layers' outputs move from step to step, from a clean run. Serves one thread: sums of doubles depend on their order.</summary>
/// <param name="ages">Most steps back, at least 1.</param>
public sealed class DriftProfile(int ages)
{
    private readonly double[] _change = new double[ages + 1];
    private readonly long[] _products = new long[ages + 1];
    private double _crest;
    private long _seen;

    /// <summary>Most steps back.</summary>
    public int Ages => ages;

    /// <summary>Elements of all products seen.</summary>
    public long Elements { get; private set; }

    /// <summary>Mean of the largest squared output over the mean squared output: what an error of full scale is worth.</summary>
    public double Crest => _seen == 0 ? 0 : _crest / _seen;

    /// <summary>
    /// Relative squared change over so many steps: the mean over products of |x(t) - x(t - age)|^2 / |x(t)|^2; 2 for outputs that have nothing to do with each other. Beyond what the run showed, the last age
    /// that it did.
    /// </summary>
    /// <param name="age">Steps, at least 0; 0 gives 0.</param>
    public double At(int age)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(age);
        var known = Math.Min(age, ages);
        while (known > 0 && _products[known] == 0)
            known--;
        return known == 0 ? 0 : _change[known] / _products[known];
    }

    /// <summary>Notes a product.</summary>
    /// <param name="elements">Its outputs.</param>
    /// <param name="crest">Its largest squared output over its mean squared output.</param>
    public void NoteOutputs(int elements, double crest)
    {
        Elements += elements;
        _crest += crest;
        _seen++;
    }

    /// <summary>Notes a change.</summary>
    /// <param name="age">Steps.</param>
    /// <param name="change">Relative squared change over them.</param>
    public void NoteChange(int age, double change)
    {
        _change[age] += change;
        _products[age]++;
    }
}
