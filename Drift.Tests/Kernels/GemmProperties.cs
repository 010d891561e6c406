using Drift.Kernels;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Shapes, tiles and flips that nobody thought of. A failure prints the case and the replay seed.</summary>
[TestFixtureSource(typeof(BackendUnderTest), nameof(BackendUnderTest.Fixtures))]
public sealed class GemmProperties(BackendUnderTest under)
{
    private static readonly Gen<(GemmCase Case, Flip[] Flips)> Cases =
        from m in Gen.Choose(1, 40)
        from n in Gen.Choose(1, 70)
        from k in Gen.Choose(1, 40)
        from tile in Gen.Choose(0, 40)
        from factor in Gen.Choose(1, 4)
        from gap in Gen.Choose(0, 3)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from flips in Gen.ListOf(
            from row in Gen.Choose(0, m - 1)
            from column in Gen.Choose(0, n - 1)
            from bit in Gen.Choose(0, 31)
            select new Flip(row, column, bit))
        select (new GemmCase(m, n, k, tile == 0 || factor == 1 ? tile : new ChecksumTiles(tile, factor * tile), gap, seed), flips.ToArray());

    [Test]
    public void Any_product_with_any_flips_has_the_bits_of_the_reference()
    {
        using var backend = under.Open();
        using var output = new GemmOutput();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(40), Prop.ForAll(Cases.ToArbitrary(), drawn =>
            drawn.Case.CheckAgainstReference(backend, output, FaultPlan.Of(drawn.Case.M, drawn.Case.N, drawn.Flips))));
    }
}
