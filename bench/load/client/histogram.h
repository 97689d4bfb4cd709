// Durations in ns, in buckets of at most 1/128 of their value.
#pragma once
#include <stdint.h>

#define HISTOGRAM_BUCKETS (58 * 128)

struct histogram {
  uint64_t count;
  uint64_t max;
  uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *histogram);
/** The duration in ms below which `part` (0 to 1) of what was added lies; 0 where nothing was. */
double histogram_ms(const struct histogram *histogram, double part);
/** Prints `"name":{"count":…,"p50":…,"p99":…,"max":…},`, in ms. */
void histogram_print(const char *name, const struct histogram *histogram);

static inline void histogram_add(struct histogram *histogram, uint64_t ns) {
  // Values below 128 have a bucket each; above, 128 buckets a power of two.
  unsigned shift = ns < 128 ? 0 : 63 - 7 - (unsigned)__builtin_clzll(ns);
  histogram->buckets[shift * 128 + (ns >> shift)]++;
  histogram->count++;
  if (ns > histogram->max) histogram->max = ns;
}
