#define _GNU_SOURCE
#include "loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "text.h"

static int set;

void loop_open(void) {
  set = epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) fail("epoll_create1: %s", strerror(errno));
}

static void control(int operation, struct source *source, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = source};
  if (epoll_ctl(set, operation, source->fd, &event) < 0) fail("epoll_ctl: %s", strerror(errno));
}

void loop_add(struct source *source, uint32_t events) { control(EPOLL_CTL_ADD, source, events); }

void loop_change(struct source *source, uint32_t events) { control(EPOLL_CTL_MOD, source, events); }

void loop_remove(struct source *source) { control(EPOLL_CTL_DEL, source, 0); }

void loop_turn(int timeout_ms) {
  struct epoll_event events[512];
  int count = epoll_wait(set, events, 512, timeout_ms);
  if (count < 0 && errno != EINTR) fail("epoll_wait: %s", strerror(errno));
  for (int at = 0; at < count; at++) {
    struct source *source = events[at].data.ptr;
    // Closed by one that was called before it.
    if (source->fd >= 0) source->ready(source, events[at].events);
  }
}

int connect_to(const char *host, int port, int receive_buffer) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket: %s (raise `ulimit -n`)", strerror(errno));
  if (receive_buffer > 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) fail("%s is no IPv4 address", host);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
    fail("connect to %s:%d: %s", host, port, strerror(errno));
  return fd;
}

void reset(int fd) { close(fd); }
