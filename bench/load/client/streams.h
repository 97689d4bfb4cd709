// Many streams that are opened, read and counted.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "text.h"

struct stream_options {
  const char *host;
  int port;
  /** Request of a stream, with `{token}`, `{index}` (from 1) and `{resume}`. */
  struct text request;
  /** One token a line: the stream `index` has line `index`, and after the last the first again. */
  struct text tokens;
  /** What the answer holds once the stream is open. */
  const char *opened;
  /** What the answer holds when `reply` is due, and that reply: handshakes of WebSocket protocols. */
  const char *reply_to;
  struct text reply;
  /** How often the mark is in an event. */
  unsigned copies;
};

void streams_configure(const struct stream_options *options);
/**
 * Opens streams until there are `target`, with `window` openings under way. With a cursor they resume there. A 503 is
 * asked again after its `Retry-After`, a connection without an answer after a second. `still`: each stops reading once it is
 * open. Prints the fields of the answer.
 */
void streams_open(unsigned target, unsigned window, const char *cursor, double timeout_s, unsigned stalled_each,
                  bool still);
void streams_close(void);
/** Streams that are open and read. */
unsigned streams_reading(void);
/** Stops reading every `each`th stream; with 0 reads all. Counts of those that stop are left out. */
void streams_stall(unsigned each);
/** Starts the comparison of what streams receive anew. */
void streams_forget(void);
/** Prints the number of streams that ended, and of those that did not receive the same events in the same order as most. */
void streams_print(void);
