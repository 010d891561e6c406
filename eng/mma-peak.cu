// What mma.sync gives an NVIDIA GPU in INT8, from registers alone: the ceiling that docs/gpu.md holds the matrix kernel to.
//   nvcc -arch=sm_90 -O3 -o mma-peak eng/mma-peak.cu && ./mma-peak
#include <cstdio>
#include <cuda_runtime.h>

__global__ void multiply(int* out, const int* in, int rounds) {
    int c[16][4] = {}, a[4], b[2];
    for (int i = 0; i < 4; i++) a[i] = in[threadIdx.x + 256 * i];
    for (int i = 0; i < 2; i++) b[i] = in[threadIdx.x + 256 * (4 + i)];
    for (int r = 0; r < rounds; r++)
#pragma unroll
        for (int i = 0; i < 16; i++)
            asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                         : "+r"(c[i][0]), "+r"(c[i][1]), "+r"(c[i][2]), "+r"(c[i][3])
                         : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    int sum = 0;
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 4; j++) sum ^= c[i][j];
    out[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

int main() {
    cudaDeviceProp device;
    if (cudaGetDeviceProperties(&device, 0) != cudaSuccess) return std::puts("no CUDA device"), 1;
    int *out, *in, operands[1536];
    unsigned x = 1;
    for (int& word : operands) word = (int)(x = x * 1664525u + 1013904223u);
    cudaMalloc(&out, device.multiProcessorCount * 4 * 256 * sizeof(int));
    cudaMalloc(&in, sizeof operands);
    cudaMemcpy(in, operands, sizeof operands, cudaMemcpyHostToDevice);
    cudaEvent_t start, end;
    cudaEventCreate(&start);
    cudaEventCreate(&end);
    for (int groups = 1; groups <= 4; groups *= 2) {
        int rounds = 20000 / groups;
        float best = 1e9, ms;
        for (int turn = 0; turn < 5; turn++) {
            cudaEventRecord(start);
            multiply<<<device.multiProcessorCount * groups, 256>>>(out, in, rounds);
            cudaEventRecord(end);
            cudaEventSynchronize(end);
            cudaEventElapsedTime(&ms, start, end);
            if (turn > 0 && ms < best) best = ms;
        }
        std::printf("%s, %d warps a multiprocessor: %.0f TOP/s (%s)\n", device.name, 8 * groups,
                    (double)device.multiProcessorCount * groups * 8 * rounds * 16 * 2 * 16 * 8 * 32 / best / 1e9, cudaGetErrorString(cudaGetLastError()));
    }
}
