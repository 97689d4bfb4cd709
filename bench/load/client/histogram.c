#include "histogram.h"

#include <stdio.h>
#include <string.h>

void histogram_clear(struct histogram *histogram) { memset(histogram, 0, sizeof *histogram); }

double histogram_ms(const struct histogram *histogram, double part) {
  uint64_t wanted = (uint64_t)((double)histogram->count * part);
  if (wanted >= histogram->count) return (double)histogram->max / 1e6;
  uint64_t seen = 0;
  for (unsigned at = 0; at < HISTOGRAM_BUCKETS; at++) {
    seen += histogram->buckets[at];
    if (seen <= wanted) continue;
    unsigned shift = at < 256 ? 0 : at / 128 - 1;
    double low = (double)((uint64_t)(at - shift * 128) << shift);
    return (low + (double)(1ull << shift) / 2) / 1e6;
  }
  return 0;
}

void histogram_print(const char *name, const struct histogram *histogram) {
  printf("\"%s\":{\"count\":%llu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f},", name,
         (unsigned long long)histogram->count, histogram_ms(histogram, 0.5),
         histogram_ms(histogram, 0.99), (double)histogram->max / 1e6);
}
