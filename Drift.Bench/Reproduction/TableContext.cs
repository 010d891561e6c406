namespace Drift.Bench;

/// <summary>What tables are made with.</summary>
/// <param name="Budget">How much is drawn.</param>
/// <param name="Models">Trained models, opened when first asked for.</param>
/// <param name="Cancellation">Stops drawing.</param>
internal sealed record TableContext(Budget Budget, TrainedModels Models, CancellationToken Cancellation)
{
    /// <summary>Keeps pictures until the table is whole; null for nobody.</summary>
    public ScoreJournal? Journal { get; init; }

    /// <summary>Draws a model's pictures in some ways, those that the journal does not have, and compares each with the reference's.</summary>
    /// <param name="model">The model.</param>
    /// <param name="trials">The ways.</param>
    /// <param name="reference">What they are held against; null for the nominal run.</param>
    public IReadOnlyList<TrialResult> Draw(TrainedModel model, IReadOnlyList<Trial> trials, Trial? reference = null) => model.Draw(trials, Cancellation, reference, Journal);
}
