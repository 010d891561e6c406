using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace Drift.Kernels.Ilgpu;

/// <summary>ILGPU's context and stream, lent to another library.</summary>
internal sealed class CudaLoan(IlgpuBackend owner, CudaAccelerator accelerator) : ICudaDevice
{
    /// <inheritdoc/>
    public string Version => $"{accelerator.DriverVersion.Major}.{accelerator.DriverVersion.Minor}";

    /// <inheritdoc/>
    public nint Stream => ((CudaStream)accelerator.DefaultStream).StreamPtr;

    /// <inheritdoc/>
    public void Use(Action work) => owner.Use(work);

    /// <inheritdoc/>
    public void Wait() => owner.Use(accelerator.Synchronize);

    /// <inheritdoc/>
    public ICudaMemory Allocate(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        return owner.Use(() => new Memory(owner, new DeviceBuffer(accelerator), bytes));
    }

    private sealed class Memory : ICudaMemory
    {
        private readonly IlgpuBackend _owner;
        private readonly DeviceBuffer _buffer;
        private readonly int _bytes;

        public Memory(IlgpuBackend owner, DeviceBuffer buffer, int bytes)
        {
            (_owner, _buffer, _bytes) = (owner, buffer, bytes);
            buffer.Take(Words(bytes));
            Address = buffer.Address;
        }

        /// <inheritdoc/>
        public nint Address { get; }

        /// <inheritdoc/>
        public void Write(ReadOnlySpan<byte> bytes)
        {
            var words = Words(Fitting(bytes.Length));
            var stage = _buffer.Stage(words);
            // What the last word has more than was given.
            stage[^1] = 0;
            bytes.CopyTo(MemoryMarshal.AsBytes(stage));
            _owner.Use(() =>
            {
                _buffer.Upload(words);
                _buffer.DropStage();
            });
        }

        /// <inheritdoc/>
        public void Read(Span<byte> bytes)
        {
            var words = Words(Fitting(bytes.Length));
            _owner.Use(() =>
            {
                _buffer.Download(words);
            });
            MemoryMarshal.AsBytes(_buffer.Stage(words))[..bytes.Length].CopyTo(bytes);
            _buffer.DropStage();
        }

        /// <inheritdoc/>
        public void Dispose() => _owner.Release(_buffer);

        private static int Words(int bytes) => (bytes + sizeof(int) - 1) / sizeof(int);

        private int Fitting(int length) => length >= 1 && length <= _bytes ? length : throw new ArgumentException($"there are {_bytes} bytes, not {length}");
    }
}
