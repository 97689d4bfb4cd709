#include "receiver.h"

#include <string.h>

#include "answered.h"
#include "mark.h"

struct counts counts;
unsigned receiver_copies = 1;
unsigned broken;

static void take(struct receiver *receiver, uint64_t mark, uint64_t now, bool sampled) {
  if (receiver->copies_left > 0) {
    receiver->copies_left--;
    if (mark != receiver->last) broken++;
    return;
  }
  receiver->copies_left = receiver_copies - 1;
  receiver->last = mark;
  receiver->events++;
  receiver->order = (receiver->order ^ mark) * 0x100000001b3u;
  counts.deliveries++;
  histogram_add(&counts.arrival, now > mark ? now - mark : 0);
  if (!sampled) return;
  struct answered *answer = answered_of(mark);
  if (answer->mark != mark) return;
  histogram_add(&counts.behind, answer->at && now > answer->at ? now - answer->at : 0);
}

void receiver_scan(struct receiver *receiver, const unsigned char *at, size_t length, uint64_t now, bool sampled) {
  const unsigned char *end = at + length;
  for (;;) {
    if (receiver->digits_left == 0) {
      at = memchr(at, MARK_BYTE, (size_t)(end - at));
      if (!at) return;
      at++;
      receiver->digits_left = MARK_DIGITS;
      receiver->partial = 0;
    }
    unsigned left = receiver->digits_left;
    uint64_t value = receiver->partial;
    for (; left > 0 && at < end; left--, at++) {
      unsigned digit = *at - '0';
      if (digit > 9) break;
      value = value * 10 + digit;
    }
    if (left > 0 && at == end) {
      receiver->digits_left = left;
      receiver->partial = value;
      return;
    }
    receiver->digits_left = 0;
    // Anything but sixteen digits: a byte of a length or of another character.
    if (left == 0) take(receiver, value, now, sampled);
  }
}

void receiver_reconnect(struct receiver *receiver) { receiver->digits_left = receiver->copies_left = 0; }

bool receiver_equal(const struct receiver *one, const struct receiver *other) {
  return one->order == other->order && one->events == other->events;
}
