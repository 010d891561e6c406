namespace Drift.Bench;

/// <summary>What tables are made with.</summary>
/// <param name="Budget">How much is drawn.</param>
/// <param name="Models">Trained models, opened when first asked for.</param>
/// <param name="Cancellation">Stops drawing.</param>
internal sealed record TableContext(Budget Budget, TrainedModels Models, CancellationToken Cancellation);
