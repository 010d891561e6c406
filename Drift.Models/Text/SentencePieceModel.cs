using Google.Protobuf;

namespace Drift.Models;

/// <summary>What a piece of a SentencePiece model stands for, numbered as in its file.</summary>
internal enum PieceKind
{
    /// <summary>A piece of text with a score.</summary>
    Normal = 1,

    /// <summary>Stands for what no other piece covers.</summary>
    Unknown = 2,

    /// <summary>Never made from text: start, end, padding.</summary>
    Control = 3,

    /// <summary>Taken from a text whole, unnormalised.</summary>
    UserDefined = 4,

    /// <summary>In the vocabulary and out of use.</summary>
    Unused = 5,

    /// <summary>A byte of a character that no piece covers.</summary>
    Byte = 6,
}

/// <summary>A piece; its id is its place.</summary>
/// <param name="Text">Normalised text, spaces as U+2581.</param>
/// <param name="Score">Logarithm of its probability.</param>
/// <param name="Kind">What it stands for.</param>
internal sealed record Piece(string Text, double Score, PieceKind Kind);

/// <summary>A SentencePiece model as its file has it (sentencepiece_model.proto). What the file does not name has SentencePiece's own defaults.</summary>
internal sealed class SentencePieceModel
{
    // Field numbers of the messages ModelProto, SentencePiece, TrainerSpec and NormalizerSpec.
    private const int Pieces = 1, Trainer = 2, Normaliser = 3;
    private const int PieceText = 1, PieceScore = 2, PieceType = 3;
    private const int ModelType = 3, SpaceBehind = 24, FallsBackToBytes = 35, UnknownId = 40, EndId = 42, PadId = 43;
    private const int CharacterMap = 2, LeadingSpace = 3, FewSpaces = 4, MarkedSpaces = 5;
    private const int Unigram = 1;

    private readonly List<Piece> _pieces = [];

    /// <summary>Reads a file's bytes.</summary>
    /// <param name="model">The bytes.</param>
    /// <exception cref="InvalidDataException">The model is of a kind that is not supported, or has no pieces.</exception>
    /// <exception cref="InvalidProtocolBufferException">The bytes are no protocol buffer.</exception>
    public SentencePieceModel(byte[] model)
    {
        Read(new CodedInputStream(model), (field, value) =>
        {
            switch (field)
            {
                case Pieces: _pieces.Add(ReadPiece(value.ReadBytes())); break;
                case Trainer: Read(new CodedInputStream(value.ReadBytes().ToByteArray()), ReadTrainer); break;
                case Normaliser: Read(new CodedInputStream(value.ReadBytes().ToByteArray()), ReadNormaliser); break;
                default: return false;
            }

            return true;
        });
        if (_pieces.Count == 0)
            throw new InvalidDataException("it has no pieces");
        if (SpellsBytes && UnigramPath.BytePieces([.. _pieces.Select(piece => piece with { Text = piece.Kind == PieceKind.Byte ? piece.Text : "" })]).Contains(-1))
            throw new InvalidDataException("it spells unknown characters in bytes and has no piece for some of them");
        // The piece of this kind counts, wherever the training settings wanted it.
        Unknown = _pieces.FindIndex(piece => piece.Kind == PieceKind.Unknown) is >= 0 and var found ? found : Unknown;
    }

    /// <summary>The vocabulary.</summary>
    public IReadOnlyList<Piece> Vocabulary => _pieces;

    /// <summary>Id of what no piece covers.</summary>
    public int Unknown { get; private set; }

    /// <summary>Whether what no piece covers is spelled in bytes.</summary>
    public bool SpellsBytes { get; private set; }

    /// <summary>Id behind a text; -1 for none.</summary>
    public int End { get; private set; } = 2;

    /// <summary>Id that fills a text up; -1 for none.</summary>
    public int Pad { get; private set; } = -1;

    /// <summary>The compiled map of characters to their normalised forms; empty for none.</summary>
    public byte[] Map { get; private set; } = [];

    /// <summary>Whether a space is put before a text.</summary>
    public bool AddsSpace { get; private set; } = true;

    /// <summary>Whether spaces are dropped at both ends and runs of them become one.</summary>
    public bool MergesSpaces { get; private set; } = true;

    /// <summary>Whether spaces become U+2581.</summary>
    public bool MarksSpaces { get; private set; } = true;

    private static void Read(CodedInputStream fields, Func<int, CodedInputStream, bool> take)
    {
        while (fields.ReadTag() is var tag && tag != 0)
        {
            if (!take(WireFormat.GetTagFieldNumber(tag), fields))
                fields.SkipLastField();
        }
    }

    private static Piece ReadPiece(ByteString bytes)
    {
        var piece = new Piece("", 0, PieceKind.Normal);
        Read(new CodedInputStream(bytes.ToByteArray()), (field, value) =>
        {
            piece = field switch
            {
                PieceText => piece with { Text = value.ReadString() },
                PieceScore => piece with { Score = value.ReadFloat() },
                PieceType => piece with { Kind = (PieceKind)value.ReadEnum() },
                _ => piece,
            };
            return field is PieceText or PieceScore or PieceType;
        });
        return piece;
    }

    private bool ReadTrainer(int field, CodedInputStream value)
    {
        switch (field)
        {
            case ModelType: Require(value.ReadEnum() == Unigram, "its pieces are found by another rule; supported: unigram"); break;
            case SpaceBehind: Require(!value.ReadBool(), "it puts spaces behind words; supported: before them"); break;
            case FallsBackToBytes: SpellsBytes = value.ReadBool(); break;
            case UnknownId: Unknown = value.ReadInt32(); break;
            case EndId: End = value.ReadInt32(); break;
            case PadId: Pad = value.ReadInt32(); break;
            default: return false;
        }

        return true;
    }

    private bool ReadNormaliser(int field, CodedInputStream value)
    {
        switch (field)
        {
            case CharacterMap: Map = value.ReadBytes().ToByteArray(); break;
            case LeadingSpace: AddsSpace = value.ReadBool(); break;
            case FewSpaces: MergesSpaces = value.ReadBool(); break;
            case MarkedSpaces: MarksSpaces = value.ReadBool(); break;
            default: return false;
        }

        return true;
    }

    private static void Require(bool supported, string otherwise)
    {
        if (!supported)
            throw new InvalidDataException(otherwise);
    }
}
