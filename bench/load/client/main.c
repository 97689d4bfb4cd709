// Load client: opens SSE or WebSocket streams of many users, publishes over HTTP, and prints what it measured as JSON.
//
//   cc -O2 -o /tmp/load bench/load/client/*.c          (`npm run bench` builds it by itself)
//   /tmp/load --port 4400 --request stream.txt --tokens tokens.txt --publish publish.txt --event event.json <<'END'
//   open 10000 window=100
//   publish connections=64 seconds=3
//   paced rate=20 seconds=4 connections=16
//   END
//
// Files, of which each is a template:
//   --request  request of a stream, lines ended by CR LF, with {token}, {index} (1, 2, …) and {resume} (empty, or a
//              `Last-Event-ID` header with its line end):
//                printf 'GET /streams/contests/1 HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {token}\r\n{resume}\r\n'
//   --tokens   one token a line: stream n uses line n, and begins anew after the last
//   --publish  request line and headers of publishing, without content-length and the empty line:
//                printf 'POST /events HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer …\r\nContent-Type: application/json\r\n'
//   --event    JSON of one event with {mark} in a text: {"type":"ANNOUNCEMENT","data":{"contestId":1,"title":"t","message":"{mark}"}}
// Other options: --host (127.0.0.1), --opened TEXT (what shows that a stream is open; `event: caught-up`), --copies N (how often
//   the mark is in what a stream receives; 2), --reply-to TEXT
//   with --reply FILE (a handshake of WebSocket protocols).
// A mark is § and the instant at which the event was due, in ns of the monotonic clock, which all processes of a machine share.
// Each line on stdin is a command, answered by a line on stdout. Streams are read also while no command runs. A command that
// could not be carried out is in its answer (`failed`, `refused`, `ended`, `differing`, `failure`): nothing ends the client but
// the end of its input.
//   open N [window=100] [cursor=ID] [timeout=60] [stalled=K] [still=1]   until N streams are open; those of each K with a small
//                buffer; `still`: each stops reading once it is open
//   publish [connections=64] [batch=1] [seconds=3] [settle=120]   closed loop
//   paced rate=N [connections=16] [batch=1] [seconds=4] [settle=120]   N requests a second; latency counts from when each was due
//   stall K      every Kth stream stops reading; 0: all read
//   wait S       reads for S seconds
//   forget       begins the comparison of what streams received anew; so does `open` without a cursor, for the streams that it opens
//   close        closes all streams by a reset
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"
#include "publishers.h"
#include "streams.h"

static char input[8192];
static size_t input_length;
static int ended, watched;

/** A number of `name=number` in a command, else `otherwise`. */
static double value_of(const char *command, const char *name, double otherwise) {
  char wanted[32];
  snprintf(wanted, sizeof wanted, " %s=", name);
  const char *at = strstr(command, wanted);
  return at ? atof(at + strlen(wanted)) : otherwise;
}

static void open_streams(const char *command) {
  char cursor[256];
  const char *at = strstr(command, " cursor=");
  if (at) sscanf(at, " cursor=%255s", cursor);
  streams_open((unsigned)atoi(command + 5), (unsigned)value_of(command, "window", 100), at ? cursor : NULL,
               value_of(command, "timeout", 60), (unsigned)value_of(command, "stalled", 0),
               value_of(command, "still", 0) > 0);
}

static void run_publishing(const char *command, double rate) {
  struct publishing publishing = {
      .connections = (unsigned)value_of(command, "connections", rate > 0 ? 16 : 64),
      .batch = (unsigned)value_of(command, "batch", 1),
      .seconds = value_of(command, "seconds", rate > 0 ? 4 : 3),
      .rate = rate,
      .settle_s = value_of(command, "settle", 120),
  };
  if (publishing.connections < 1 || publishing.batch < 1) fail("%s: connections and batch begin with 1", command);
  publish(&publishing);
}

static void wait_for(double seconds) {
  uint64_t until = now_ns() + (uint64_t)(seconds * 1e9);
  while (now_ns() < until) loop_turn(20);
}

static void run(const char *command) {
  char name[32] = "";
  sscanf(command, "%31s", name);
  printf("{\"command\":\"%s\",", name);
  if (!strcmp(name, "open")) open_streams(command);
  else if (!strcmp(name, "publish")) run_publishing(command, 0);
  else if (!strcmp(name, "paced")) run_publishing(command, value_of(command, "rate", 20));
  else if (!strcmp(name, "stall")) streams_stall((unsigned)atoi(command + 6));
  else if (!strcmp(name, "wait")) wait_for(atof(command + 5));
  else if (!strcmp(name, "forget")) streams_forget();
  else if (!strcmp(name, "close")) streams_close();
  else fail("`%s` is no command", command);
  printf("\"reading\":%u}\n", streams_reading());
  fflush(stdout);
}

static void read_input(struct source *source, uint32_t events) {
  (void)events;
  ssize_t length = read(source->fd, input + input_length, sizeof input - 1 - input_length);
  if (length <= 0) {
    ended = 1;
    if (watched) loop_remove(source);
  } else input_length += (size_t)length;
}

int main(int count, char **arguments) {
  struct stream_options streams = {.host = "127.0.0.1", .opened = "event: caught-up", .copies = 2};
  struct publisher_options publishers = {.host = "127.0.0.1"};
  for (int at = 1; at < count; at++) {
    const char *name = arguments[at];
    if (at + 1 == count) fail("%s needs a value", name);
    const char *value = arguments[++at];
    if (!strcmp(name, "--host")) streams.host = publishers.host = value;
    else if (!strcmp(name, "--port")) streams.port = publishers.port = atoi(value);
    else if (!strcmp(name, "--request")) streams.request = text_read(value);
    else if (!strcmp(name, "--tokens")) streams.tokens = text_read(value);
    else if (!strcmp(name, "--opened")) streams.opened = value;
    else if (!strcmp(name, "--reply-to")) streams.reply_to = value;
    else if (!strcmp(name, "--reply")) streams.reply = text_read(value);
    else if (!strcmp(name, "--copies")) streams.copies = (unsigned)atoi(value);
    else if (!strcmp(name, "--publish")) publishers.head = text_read(value);
    else if (!strcmp(name, "--event")) publishers.event = text_read(value);
    else fail("%s is no option", name);
  }
  loop_open();
  streams_configure(&streams);
  publishers_configure(&publishers);
  struct source commands = {.fd = STDIN_FILENO, .ready = read_input};
  // A file cannot be waited for, and need not be.
  watched = isatty(STDIN_FILENO) || lseek(STDIN_FILENO, 0, SEEK_CUR) < 0;
  if (watched) loop_add(&commands, EPOLLIN);
  for (;;) {
    char *end;
    while ((end = memchr(input, '\n', input_length))) {
      char command[sizeof input];
      size_t length = (size_t)(end - input);
      memcpy(command, input, length);
      command[length] = 0;
      input_length -= length + 1;
      memmove(input, end + 1, input_length);
      if (length > 0) run(command);
    }
    if (ended) return 0;
    if (watched) loop_turn(-1);
    else read_input(&commands, EPOLLIN);
  }
}
