using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>Chooses where each GEMM executes. One policy serves one picture in flight.</summary>
public interface IOperatingPolicy
{
    /// <summary>The point of the next product.</summary>
    /// <param name="site">Where the product stands in the run.</param>
    OperatingPoint Choose(GemmSite site);

    /// <summary>Whether alarms change what it chooses. Where not, whoever runs the products need not wait for them.</summary>
    bool HearsAlarms => true;

    /// <summary>Tells the policy how the product went: the only feedback it gets.</summary>
    /// <param name="site">The site chosen for.</param>
    /// <param name="alarms">Alarms that the product raised, as hardware would see them; never ground truth.</param>
    void Observe(GemmSite site, AlarmCount alarms);
}
