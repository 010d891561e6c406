namespace Drift.Models;

/// <summary>Where a tensor lies in its file, and as what.</summary>
/// <param name="DataType">The format's own name of the element type, as <c>F32</c>.</param>
/// <param name="Shape">Extents, outermost first; empty for a scalar.</param>
/// <param name="Count">Number of elements.</param>
/// <param name="Begin">First byte, counted from the start of the data.</param>
/// <param name="End">The byte behind the last.</param>
internal sealed record TensorEntry(string DataType, int[] Shape, long Count, long Begin, long End)
{
    /// <summary>The element types that are read.</summary>
    public const string DataTypes = "F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL, F8_E4M3, F8_E5M2";

    /// <summary>Bytes of an element, or 0 for a type that is not read.</summary>
    /// <param name="dataType">The format's name of the type.</param>
    public static int ElementBytes(string dataType) => dataType switch
    {
        "F64" or "I64" or "U64" => 8,
        "F32" or "I32" or "U32" => 4,
        "F16" or "BF16" or "I16" or "U16" => 2,
        "I8" or "U8" or "BOOL" or "F8_E4M3" or "F8_E5M2" => 1,
        _ => 0,
    };
}
