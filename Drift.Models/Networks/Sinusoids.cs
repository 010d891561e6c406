namespace Drift.Models;

/// <summary>The fixed embeddings of transformers: sines and cosines at geometrically falling frequencies.</summary>
internal static class Sinusoids
{
    private const double LongestPeriod = 10000;

    /// <summary>Cosines and sines of t / 10000^(i / (half - shift)) (diffusers' Timesteps).</summary>
    /// <param name="timestep">t; any other number that shall be embedded alike.</param>
    /// <param name="features">Takes half as many of each; overwritten.</param>
    /// <param name="shift">diffusers' downscale_freq_shift.</param>
    /// <param name="cosinesFirst">diffusers' flip_sin_to_cos.</param>
    public static void Timestep(double timestep, Span<float> features, double shift, bool cosinesFirst = true)
    {
        var half = features.Length / 2;
        var (cosines, sines) = cosinesFirst ? (0, half) : (half, 0);
        for (var i = 0; i < half; i++)
        {
            // diffusers computes the frequency and the angle in fp32.
            var frequency = MathF.Exp((float)(-Math.Log(LongestPeriod)) * i / (float)(half - shift));
            var angle = (float)timestep * frequency;
            features[cosines + i] = MathF.Cos(angle);
            features[sines + i] = MathF.Sin(angle);
        }
    }

    /// <summary>
    /// The 2-D position embedding [rows x columns, width] of a grid that spans the same stretch as the trained one: for each token sines and cosines of
    /// its column, then of its row.
    /// </summary>
    /// <param name="width">Values a token; 4 divides it.</param>
    /// <param name="rows">Token rows.</param>
    /// <param name="columns">Token columns.</param>
    /// <param name="trained">Edge of the grid that the network was trained on.</param>
    /// <param name="shrink">Further divisor of all positions (diffusers' interpolation_scale).</param>
    public static float[] Grid(int width, int rows, int columns, int trained, float shrink = 1)
    {
        var positions = new float[rows * columns * width];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                var token = positions.AsSpan((row * columns + column) * width, width);
                Axis((float)column / ((float)columns / trained) / shrink, token[..(width / 2)]);
                Axis((float)row / ((float)rows / trained) / shrink, token[(width / 2)..]);
            }
        }

        return positions;
    }

    private static void Axis(double position, Span<float> values)
    {
        var half = values.Length / 2;
        for (var i = 0; i < half; i++)
        {
            var angle = position / Math.Pow(LongestPeriod, (double)i / half);
            values[i] = (float)Math.Sin(angle);
            values[half + i] = (float)Math.Cos(angle);
        }
    }
}
