namespace Drift.Bench;

/// <summary>A product with its operands.</summary>
/// <typeparam name="TOut">Type of the product's values.</typeparam>
internal interface IProduct<TOut> : ISide
    where TOut : unmanaged
{
    /// <summary>A row of the product that was last run.</summary>
    /// <param name="row">Row, 0..M-1.</param>
    ReadOnlySpan<TOut> Row(int row);
}

/// <summary>Another library's product of the same operands, at that library's best settings.</summary>
/// <typeparam name="TIn">Type of the operands' values.</typeparam>
/// <typeparam name="TOut">Type of the product's values.</typeparam>
internal interface IRival<TIn, TOut>
    where TIn : unmanaged
    where TOut : unmanaged
{
    /// <summary>The name that tables show.</summary>
    string Name { get; }

    /// <summary>Null where it runs here, else why not and what to install.</summary>
    string? Missing();

    /// <summary>Prepares a product.</summary>
    /// <param name="operands">What to multiply; outlives the product.</param>
    /// <param name="threads">Threads to use, at least 1.</param>
    IProduct<TOut> Open(Operands<TIn> operands, int threads);
}
