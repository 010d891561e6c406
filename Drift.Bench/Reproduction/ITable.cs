namespace Drift.Bench;

/// <summary>A table or figure of the paper, remade: a function of data files and of the ledgers of runs. One file each in Tables/, registered in <see cref="TableCatalog"/>.</summary>
internal interface ITable
{
    /// <summary>Its name on the command line and of its folder.</summary>
    string Id { get; }

    /// <summary>What it shows, in a few words.</summary>
    string Title { get; }

    /// <summary>How it was made and what to know when reading it.</summary>
    string About { get; }

    /// <summary>Its columns, each of one kind.</summary>
    IReadOnlyList<Column> Columns { get; }

    /// <summary>Makes it. Equal settings give equal results.</summary>
    /// <param name="context">Settings and what is drawn with.</param>
    TableResult Make(TableContext context);
}

/// <summary>A table's contents.</summary>
/// <param name="Rows">A cell for each column.</param>
/// <param name="Claims">What the paper claims, with a verdict each; at least one.</param>
/// <param name="Figures">Its pictures.</param>
internal sealed record TableResult(IReadOnlyList<IReadOnlyList<Cell>> Rows, IReadOnlyList<Claim> Claims, IReadOnlyList<Figure> Figures);
