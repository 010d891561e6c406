namespace Drift.Models;

/// <summary>What a network was trained to predict.</summary>
internal enum PredictionType
{
    /// <summary>The noise.</summary>
    Noise,

    /// <summary>signal x noise - noise x sample, each by its own share (Salimans and Ho, 2022).</summary>
    Velocity,

    /// <summary>The clean sample.</summary>
    Sample,

    /// <summary>noise - sample, the velocity along a straight path between them (flow matching).</summary>
    Flow,
}

/// <summary>diffusers' words for what a network predicts.</summary>
internal static class PredictionTypes
{
    /// <summary>The setting's name.</summary>
    public const string Setting = "prediction_type";

    /// <summary>Reads the setting.</summary>
    /// <param name="config">A scheduler_config.json.</param>
    /// <param name="takesFlow">Whether diffusers' scheduler of this class takes a flow too.</param>
    /// <exception cref="ModelFormatException">It is another word.</exception>
    public static PredictionType Read(ModelConfig config, bool takesFlow = false) =>
        config.Choice(Setting, takesFlow ? ["epsilon", "v_prediction", "sample", "flow_prediction"] : ["epsilon", "v_prediction", "sample"]) switch
        {
            "epsilon" => PredictionType.Noise,
            "v_prediction" => PredictionType.Velocity,
            "sample" => PredictionType.Sample,
            _ => PredictionType.Flow,
        };
}
