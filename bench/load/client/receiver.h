// What one stream receives: marks are found, counted and hashed in their order.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"

struct counts {
  /** Events that arrived, on all streams that read. */
  uint64_t deliveries;
  uint64_t bytes;
  /** From the instant at which an event was due to its arrival. */
  struct histogram arrival;
  /** From the answer to the publisher to the arrival, sampled; what arrives before the answer counts as 0. */
  struct histogram behind;
};

struct receiver {
  /** Digits of a mark that are still to come, and its value so far. */
  unsigned digits_left;
  uint64_t partial;
  /** Copies of the last mark that are still to come. */
  unsigned copies_left;
  uint64_t last;
  uint64_t events;
  uint64_t order;
};

extern struct counts counts;
/** How often the mark is in an event. */
extern unsigned receiver_copies;
/** Frames whose copies of the mark differ. */
extern unsigned broken;

/** Counts the marks of bytes that arrived at `now`. `sampled`: also how far they are behind the answer to the publisher. */
void receiver_scan(struct receiver *receiver, const unsigned char *bytes, size_t length, uint64_t now, bool sampled);
/** Forgets a mark of which a part arrived on the connection before. */
void receiver_reconnect(struct receiver *receiver);
/** Whether both received the same events in the same order. */
bool receiver_equal(const struct receiver *one, const struct receiver *other);
