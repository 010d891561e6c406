namespace Drift.Dvfs;

/// <summary>Chances of independent trials, without loss at tiny probabilities.</summary>
internal static class Trials
{
    /// <summary>The chance that at least one of some trials succeeds: 1 - (1 - p)^n.</summary>
    /// <param name="p">Chance of one, 0..1.</param>
    /// <param name="count">Trials, at least 0; a fraction takes the question apart again.</param>
    public static double AnyOf(double p, double count) => -ExpMinusOne(count * LogOnePlus(-p));

    /// <summary>The chance that none does: (1 - p)^n.</summary>
    /// <param name="p">Chance of one, 0..1.</param>
    /// <param name="count">Trials, at least 0.</param>
    public static double NoneOf(double p, double count) => Math.Exp(count * LogOnePlus(-p));

    /// <summary>ln(1 + x) without loss near 0, where .NET's LogP1 rounds 1 + x first (Kahan, in Goldberg, ACM Computing Surveys 23(1), 1991, theorem 4).</summary>
    private static double LogOnePlus(double x)
    {
        var u = 1 + x;
        return u == 1 ? x : Math.Log(u) * x / (u - 1);
    }

    /// <summary>e^x - 1 without loss near 0, by the same trick (Higham, Accuracy and Stability of Numerical Algorithms, section 1.14.1).</summary>
    private static double ExpMinusOne(double x)
    {
        var u = Math.Exp(x);
        return u == 1 ? x : u == 0 ? -1 : (u - 1) * x / Math.Log(u);
    }
}
