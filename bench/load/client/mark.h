// The mark of an event: one byte that nothing else on the wire holds before sixteen digits, and the instant at which it was due.
#pragma once
#include <stdint.h>
#include <string.h>

/** The last byte of `§` in UTF-8. */
#define MARK_BYTE 0xa7
#define MARK_DIGITS 16
/** What a template of an event has where its mark goes: as long as the mark. */
#define MARK_PLACE "{mark}"
#define MARK_LENGTH (2 + MARK_DIGITS)

static inline void mark_digits(char *to, uint64_t instant) {
  for (int at = MARK_DIGITS - 1; at >= 0; at--, instant /= 10) to[at] = (char)('0' + instant % 10);
}

static inline void mark_write(char *to, uint64_t instant) {
  to[0] = (char)0xc2;
  to[1] = (char)MARK_BYTE;
  mark_digits(to + 2, instant);
}
