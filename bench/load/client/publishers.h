// Connections that publish events over HTTP, and wait for each answer.
#pragma once
#include <stdint.h>

#include "text.h"

struct publisher_options {
  const char *host;
  int port;
  /** Request line and headers, without `content-length` and the empty line. */
  struct text head;
  /** JSON of an event, with `{mark}` where the mark goes, at least once. */
  struct text event;
};

struct publishing {
  /** Connections: as many requests are under way at most. */
  unsigned connections;
  /** Events in one request; above 1 the body is an array. */
  unsigned batch;
  double seconds;
  /** Requests a second; 0: each connection publishes again as soon as it is answered. */
  double rate;
  /** Max time until all deliveries have arrived, s. */
  double settle_s;
};

void publishers_configure(const struct publisher_options *options);
/** Publishes, waits for the answers and for the deliveries to all streams that read; prints the fields of the answer. */
void publish(const struct publishing *publishing);
