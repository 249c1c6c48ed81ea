// Vectors of kStep floats, as many as a register of the instruction set holds, and the functions on them. Included once
// in each namespace of an instruction set; everything is inlined, so that no code made for one processor can be linked
// into another's.
#define JUSTFIT_INLINE static inline __attribute__((always_inline))

typedef float Vec __attribute__((vector_size(kStep * 4)));
typedef int32_t IntVec __attribute__((vector_size(kStep * 4)));
typedef uint32_t UintVec __attribute__((vector_size(kStep * 4)));

namespace {

JUSTFIT_INLINE Vec load(const float* p) { return *reinterpret_cast<const Vec*>(p); }
JUSTFIT_INLINE Vec load_anywhere(const float* p) {
  Vec v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
JUSTFIT_INLINE void store(float* p, Vec v) { *reinterpret_cast<Vec*>(p) = v; }
JUSTFIT_INLINE Vec all(float x) {
#if defined(__AVX512F__)
  return reinterpret_cast<Vec>(_mm512_set1_ps(x));
#elif defined(__AVX2__)
  return reinterpret_cast<Vec>(_mm256_set1_ps(x));
#else
  return Vec{} + x;
#endif
}
JUSTFIT_INLINE Vec select(IntVec mask, Vec yes, Vec no) { return mask ? yes : no; }

// x > y ? x : y and x < y ? x : y, so y where one is NaN: what the processors' own instructions give.
#if defined(__AVX512F__)
JUSTFIT_INLINE Vec larger(Vec x, Vec y) {
  return reinterpret_cast<Vec>(_mm512_maskz_max_ps(0xffff, reinterpret_cast<__m512>(x), reinterpret_cast<__m512>(y)));
}
JUSTFIT_INLINE Vec smaller(Vec x, Vec y) {
  return reinterpret_cast<Vec>(_mm512_maskz_min_ps(0xffff, reinterpret_cast<__m512>(x), reinterpret_cast<__m512>(y)));
}
#elif defined(__AVX2__)
JUSTFIT_INLINE Vec larger(Vec x, Vec y) {
  return reinterpret_cast<Vec>(_mm256_max_ps(reinterpret_cast<__m256>(x), reinterpret_cast<__m256>(y)));
}
JUSTFIT_INLINE Vec smaller(Vec x, Vec y) {
  return reinterpret_cast<Vec>(_mm256_min_ps(reinterpret_cast<__m256>(x), reinterpret_cast<__m256>(y)));
}
#else
JUSTFIT_INLINE Vec larger(Vec x, Vec y) { return select(x > y, x, y); }
JUSTFIT_INLINE Vec smaller(Vec x, Vec y) { return select(x < y, x, y); }
#endif

JUSTFIT_INLINE Vec absolute(Vec x) { return reinterpret_cast<Vec>(reinterpret_cast<IntVec>(x) & 0x7fffffff); }

JUSTFIT_INLINE Vec square_root(Vec x) {
#if defined(__AVX512F__)
  return reinterpret_cast<Vec>(_mm512_maskz_sqrt_ps(0xffff, reinterpret_cast<__m512>(x)));
#elif defined(__AVX2__)
  return reinterpret_cast<Vec>(_mm256_sqrt_ps(reinterpret_cast<__m256>(x)));
#else
  Vec y;
  for (int i = 0; i < kStep; ++i) y[i] = __builtin_sqrtf(x[i]);
  return y;
#endif
}

// a * b + c, rounded once where the processor can. Contraction by the compiler is off (CMakeLists.txt), because it may
// differ between two copies of the same loop, and a sum must not depend on which copy took it.
JUSTFIT_INLINE Vec fused(Vec a, Vec b, Vec c) {
#if defined(__AVX512F__)
  return reinterpret_cast<Vec>(_mm512_fmadd_ps(reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b),
                                               reinterpret_cast<__m512>(c)));
#elif defined(__AVX2__)
  return reinterpret_cast<Vec>(_mm256_fmadd_ps(reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b),
                                               reinterpret_cast<__m256>(c)));
#elif defined(__aarch64__)
  return reinterpret_cast<Vec>(vfmaq_f32(reinterpret_cast<float32x4_t>(c), reinterpret_cast<float32x4_t>(a),
                                         reinterpret_cast<float32x4_t>(b)));
#else
  return a * b + c;
#endif
}
JUSTFIT_INLINE Vec fused(float a, Vec b, Vec c) { return fused(all(a), b, c); }
JUSTFIT_INLINE Vec fused(Vec a, Vec b, float c) { return fused(a, b, all(c)); }

// A bit for each lane that is not zero.
JUSTFIT_INLINE uint32_t not_zero(Vec x) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(reinterpret_cast<__m512>(x), _mm512_setzero_ps(), _CMP_NEQ_UQ);
#elif defined(__AVX2__)
  return static_cast<uint32_t>(
      _mm256_movemask_ps(_mm256_cmp_ps(reinterpret_cast<__m256>(x), _mm256_setzero_ps(), _CMP_NEQ_UQ)));
#else
  uint32_t bits = 0;
  for (int i = 0; i < kStep; ++i) bits |= static_cast<uint32_t>(x[i] != 0.0f) << i;
  return bits;
#endif
}

// Lane by lane in a fixed order of pairs.
JUSTFIT_INLINE float sum_lanes(Vec x) {
  float y[kStep];
  __builtin_memcpy(y, &x, sizeof y);
  for (int width = kStep / 2; width >= 1; width /= 2)
    for (int i = 0; i < width; ++i) y[i] += y[i + width];
  return y[0];
}

JUSTFIT_INLINE IntVec lane_numbers() {
  IntVec numbers = {};
  for (int i = 0; i < kStep; ++i) numbers[i] = i;
  return numbers;
}

// e^x within 2 units in the last place; polynomial and reduction of Cephes' expf (Moshier 1992).
JUSTFIT_INLINE Vec exponential(Vec x) {
  const IntVec is_nan = x != x;
  const Vec given = x;
  x = smaller(larger(x, all(-87.33654f)), all(88.37626f));
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to whole numbers
  const Vec n = fused(x, all(1.44269504088896341f), magic) - magic;
  x = fused(-0.693359375f, n, x);
  x = fused(2.12194440e-4f, n, x);
  Vec y = all(1.9875691500e-4f);
  y = fused(y, x, 1.3981999507e-3f);
  y = fused(y, x, 8.3334519073e-3f);
  y = fused(y, x, 4.1665795894e-2f);
  y = fused(y, x, 1.6666665459e-1f);
  y = fused(y, x, 5.0000001201e-1f);
  y = fused(y, x * x, x) + 1.0f;
  const IntVec power = (__builtin_convertvector(n, IntVec) + 127) << 23;
  return select(is_nan, given, y * reinterpret_cast<Vec>(power));
}

JUSTFIT_INLINE Vec sigmoid(Vec x) { return 1.0f / (1.0f + exponential(-x)); }

// Polynomial of Cephes' tanhf near zero, where 1 - 2 / (e^2x + 1) would cancel.
JUSTFIT_INLINE Vec hyperbolic_tangent(Vec x) {
  const Vec z = x * x;
  Vec y = all(-5.70498872745e-3f);
  y = fused(y, z, 2.06390887954e-2f);
  y = fused(y, z, -5.37397155531e-2f);
  y = fused(y, z, 1.33314422036e-1f);
  y = fused(y, z, -3.33332819422e-1f);
  const Vec near_zero = fused(y * z, x, x);
  const Vec size = absolute(x);
  const Vec far = 1.0f - 2.0f / (exponential(size + size) + 1.0f);
  return select(size < 0.625f, near_zero, select(x < 0.0f, -far, far));
}

// A well-mixed 32-bit hash of a counter under two keys (rounds of the lowbias32 family, Wellons 2018).
JUSTFIT_INLINE UintVec hash(UintVec x, uint32_t key0, uint32_t key1) {
  x += key0;
  x ^= x >> 16;
  x *= 0x21f0aaadu;
  x ^= x >> 15;
  x += key1;
  x *= 0x735a2d97u;
  x ^= x >> 15;
  x *= 0x9e3779b1u;
  x ^= x >> 16;
  return x;
}

}  // namespace
