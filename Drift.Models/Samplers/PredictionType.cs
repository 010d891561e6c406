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
}

/// <summary>diffusers' words for what a network predicts.</summary>
internal static class PredictionTypes
{
    /// <summary>The setting's name.</summary>
    public const string Setting = "prediction_type";

    /// <summary>Reads the setting.</summary>
    /// <param name="config">A scheduler_config.json.</param>
    /// <param name="others">What else diffusers' scheduler of this class takes and Drift does not.</param>
    /// <exception cref="ModelFormatException">It is another word, or not supported.</exception>
    public static PredictionType Read(ModelConfig config, params ReadOnlySpan<string> others) =>
        config.SupportedChoice(Setting, ["epsilon", "v_prediction", "sample"], others) switch
        {
            "epsilon" => PredictionType.Noise,
            "v_prediction" => PredictionType.Velocity,
            _ => PredictionType.Sample,
        };
}
