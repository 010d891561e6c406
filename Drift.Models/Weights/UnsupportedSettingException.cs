namespace Drift.Models;

/// <summary>A model file is sound, but asks for something that Drift cannot do yet. The message names the file, the setting and what is supported.</summary>
/// <param name="message">One line.</param>
public sealed class UnsupportedSettingException(string message) : ModelFormatException(message);
