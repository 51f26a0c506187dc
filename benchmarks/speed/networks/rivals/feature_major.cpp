// Compiled rival of the sparse layers: node -> edge -> unit -> batch, feature-major.
// Built by benchmarks/layers.py with g++ -O3 -march=native -ffast-math.
#include <cstdint>
#include <cstring>

extern "C" {

// y[g*h + k, b] = sum over edges e of node g of w[e, k] * x[col[e], b]
void forward(const int64_t* crow, const int64_t* col, const float* w, const float* x,
             float* y, int64_t n_out, int64_t h, int64_t batch) {
  for (int64_t g = 0; g < n_out; ++g) {
    float* out = y + g * h * batch;
    std::memset(out, 0, sizeof(float) * h * batch);
    for (int64_t e = crow[g]; e < crow[g + 1]; ++e) {
      const float* in = x + col[e] * batch;
      for (int64_t k = 0; k < h; ++k) {
        const float weight = w[e * h + k];
        float* row = out + k * batch;
        for (int64_t b = 0; b < batch; ++b) row[b] += weight * in[b];
      }
    }
  }
}

// gw[e, k] = sum over b of g[node*h + k, b] * x[col[e], b]
void weight_gradient(const int64_t* crow, const int64_t* col, const float* g,
                     const float* x, float* gw, int64_t n_out, int64_t h,
                     int64_t batch) {
  for (int64_t node = 0; node < n_out; ++node) {
    for (int64_t e = crow[node]; e < crow[node + 1]; ++e) {
      const float* in = x + col[e] * batch;
      for (int64_t k = 0; k < h; ++k) {
        const float* row = g + (node * h + k) * batch;
        float total = 0.0f;
        for (int64_t b = 0; b < batch; ++b) total += row[b] * in[b];
        gw[e * h + k] = total;
      }
    }
  }
}

// gx[j, b] = sum over edges leaving j; perm numbers them in the order of crow
void input_gradient(const int64_t* ccol, const int64_t* row, const int64_t* perm,
                    const float* w, const float* g, float* gx, int64_t n_in, int64_t h,
                    int64_t batch) {
  for (int64_t j = 0; j < n_in; ++j) {
    float* out = gx + j * batch;
    std::memset(out, 0, sizeof(float) * batch);
    for (int64_t p = ccol[j]; p < ccol[j + 1]; ++p) {
      const float* weight = w + perm[p] * h;
      const float* in = g + row[p] * h * batch;
      for (int64_t k = 0; k < h; ++k)
        for (int64_t b = 0; b < batch; ++b) out[b] += weight[k] * in[k * batch + b];
    }
  }
}
}
