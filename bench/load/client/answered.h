// Instants at which publishers were answered, by the mark of the event: the last million.
#pragma once
#include <stdint.h>

#define ANSWERED_SLOTS (1u << 20)

struct answered {
  uint64_t mark;
  /** 0 until the answer is there. */
  uint64_t at;
};

extern struct answered answered[ANSWERED_SLOTS];

static inline struct answered *answered_of(uint64_t mark) {
  return &answered[(mark * 0x9e3779b97f4a7c15u) >> 44];
}
