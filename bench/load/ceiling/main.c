// The limit of one write per event and stream: a server that does nothing else.
//
//   cc -O2 -o /tmp/ceiling bench/load/ceiling/main.c && /tmp/ceiling     (prints its port)
//
// GET opens a stream, POST sends the body as one frame to all streams by one `send()` each, and is answered with 201. A body that is
// a JSON array goes out as it is, in one frame: with hundreds of events in each, what the reading client can take is measured.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_STREAMS 65536
#define BODY_BYTES (4 * 1024 * 1024)

struct connection {
  int fd;
  int streams;
  /** Place in the list of streams. */
  unsigned place;
  char *input;
  size_t length, capacity;
};

static struct connection *streams[MAX_STREAMS];
static unsigned stream_count;
static unsigned long last_id;
static char frame[BODY_BYTES + 256];

static const char OPENED[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n"
    "8\r\n: open\n\n\r\n";
static const char ANSWER[] =
    "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"events\":1}";

static void forget(struct connection *connection) {
  if (connection->streams) {
    streams[connection->place] = streams[--stream_count];
    streams[connection->place]->place = connection->place;
  }
  close(connection->fd);
  free(connection->input);
  free(connection);
}

/** Writes all of it: waits for a socket that is full, since every contender has to deliver everything. */
static void write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0) return;
    bytes += sent;
    length -= (size_t)sent;
  }
}

static void broadcast(const char *body, size_t length) {
  char head[128];
  int head_length = snprintf(head, sizeof head, "id: %lu\nevent: announcement\ndata: ", ++last_id);
  size_t data = (size_t)head_length + length + 2;
  size_t at = (size_t)sprintf(frame, "%zx\r\n", data);
  memcpy(frame + at, head, (size_t)head_length);
  at += (size_t)head_length;
  memcpy(frame + at, body, length);
  at += length;
  memcpy(frame + at, "\n\n\r\n", 4);
  at += 4;
  for (unsigned stream = 0; stream < stream_count; stream++) write_all(streams[stream]->fd, frame, at);
}

/** Handles the requests that are there as a whole. */
static void handle(struct connection *connection) {
  for (;;) {
    char *end = memmem(connection->input, connection->length, "\r\n\r\n", 4);
    if (!end) return;
    size_t head = (size_t)(end - connection->input) + 4, body = 0;
    if (connection->input[0] == 'G') {
      connection->streams = 1;
      connection->place = stream_count;
      streams[stream_count++] = connection;
      write_all(connection->fd, OPENED, sizeof OPENED - 1);
    } else {
      *end = 0;
      char *field = strcasestr(connection->input, "content-length:");
      *end = '\r';
      body = field ? (size_t)atol(field + 15) : 0;
      if (connection->length < head + body) return;
      broadcast(connection->input + head, body);
      write_all(connection->fd, ANSWER, sizeof ANSWER - 1);
    }
    connection->length -= head + body;
    memmove(connection->input, connection->input + head + body, connection->length);
  }
}

int main(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 4096) < 0) return perror("listen"), 1;
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  int set = epoll_create1(0);
  struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(set, EPOLL_CTL_ADD, listener, &wanted);
  for (;;) {
    struct epoll_event events[256];
    int count = epoll_wait(set, events, 256, -1);
    for (int at = 0; at < count; at++) {
      struct connection *connection = events[at].data.ptr;
      if (!connection) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) continue;
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connection = calloc(1, sizeof *connection);
        connection->fd = fd;
        connection->input = malloc(connection->capacity = 1024);
        wanted = (struct epoll_event){.events = EPOLLIN, .data.ptr = connection};
        epoll_ctl(set, EPOLL_CTL_ADD, fd, &wanted);
        continue;
      }
      if (connection->length == connection->capacity)
        connection->input = realloc(connection->input, connection->capacity *= 2);
      ssize_t length = recv(connection->fd, connection->input + connection->length,
                            connection->capacity - connection->length, MSG_DONTWAIT);
      if (length <= 0) {
        if (length == 0 || errno != EAGAIN) forget(connection);
        continue;
      }
      connection->length += (size_t)length;
      if (connection->length <= BODY_BYTES) handle(connection);
    }
  }
}
