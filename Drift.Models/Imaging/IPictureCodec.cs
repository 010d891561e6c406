namespace Drift.Models;

/// <summary>Turns pictures into files' bytes and back. The same pixels give the same bytes.</summary>
public interface IPictureCodec
{
    /// <summary>The bytes of a file.</summary>
    /// <param name="picture">The picture.</param>
    byte[] Encode(Picture picture);

    /// <summary>The picture of a file. Grey files give one channel; an alpha channel is dropped.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file cannot be read or holds no picture; the message names it.</exception>
    Picture Read(string path);
}
