// One epoll set: what waits for a file descriptor is a struct that begins with a `struct source`.
#pragma once
#include <stdint.h>

struct source {
  int fd;
  void (*ready)(struct source *self, uint32_t events);
};

void loop_open(void);
void loop_add(struct source *source, uint32_t events);
void loop_change(struct source *source, uint32_t events);
void loop_remove(struct source *source);
/** Waits for at most `timeout_ms` (−1: for ever), and calls what is ready. */
void loop_turn(int timeout_ms);
/** A non-blocking connection that is being made. `receive_buffer` in bytes; 0: as the kernel sizes it. */
int connect_to(const char *host, int port, int receive_buffer);
/** Closes by a reset, so that no port is held for a minute after. */
void reset(int fd);
