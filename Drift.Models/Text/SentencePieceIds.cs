using Google.Protobuf;

namespace Drift.Models;

/// <summary>The ids that a SentencePiece model gives its special pieces; -1 for a piece that it lacks.</summary>
/// <param name="Unknown">Characters that no piece covers.</param>
/// <param name="Start">Before a text.</param>
/// <param name="End">Behind a text.</param>
/// <param name="Pad">Fills a text up.</param>
internal readonly record struct SentencePieceIds(int Unknown, int Start, int End, int Pad)
{
    // Field numbers of sentencepiece_model.proto: trainer_spec in ModelProto, then the ids in TrainerSpec.
    private const int TrainerSpec = 2, UnknownId = 40, StartId = 41, EndId = 42, PadId = 43;

    /// <summary>Reads them from a model's bytes; those that it does not name have SentencePiece's own defaults.</summary>
    /// <exception cref="InvalidProtocolBufferException">The bytes are no protocol buffer.</exception>
    public static SentencePieceIds Read(byte[] model)
    {
        var ids = new SentencePieceIds(0, 1, 2, -1);
        var fields = new CodedInputStream(model);
        while (fields.ReadTag() is var tag && tag != 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == TrainerSpec)
                ids = Read(new CodedInputStream(fields.ReadBytes().ToByteArray()), ids);
            else
                fields.SkipLastField();
        }

        return ids;
    }

    /// <summary>The same model with a start token. Where a field occurs twice, protocol buffers merge the second into the first.</summary>
    /// <param name="model">The model's bytes.</param>
    /// <param name="start">Its id.</param>
    public static byte[] WithStart(byte[] model, int start)
    {
        using var bytes = new MemoryStream();
        bytes.Write(model);
        using (var fields = new CodedOutputStream(bytes, leaveOpen: true))
        {
            fields.WriteTag(TrainerSpec, WireFormat.WireType.LengthDelimited);
            fields.WriteLength(CodedOutputStream.ComputeTagSize(StartId) + CodedOutputStream.ComputeInt32Size(start));
            fields.WriteTag(StartId, WireFormat.WireType.Varint);
            fields.WriteInt32(start);
        }

        return bytes.ToArray();
    }

    private static SentencePieceIds Read(CodedInputStream fields, SentencePieceIds ids)
    {
        while (fields.ReadTag() is var tag && tag != 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case UnknownId:
                    ids = ids with { Unknown = fields.ReadInt32() };
                    break;
                case StartId:
                    ids = ids with { Start = fields.ReadInt32() };
                    break;
                case EndId:
                    ids = ids with { End = fields.ReadInt32() };
                    break;
                case PadId:
                    ids = ids with { Pad = fields.ReadInt32() };
                    break;
                default:
                    fields.SkipLastField();
                    break;
            }
        }

        return ids;
    }
}
