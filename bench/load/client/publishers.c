#define _GNU_SOURCE
#include "publishers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "answered.h"
#include "clock.h"
#include "histogram.h"
#include "loop.h"
#include "mark.h"
#include "receiver.h"
#include "streams.h"

#define ANSWER_BYTES 65536
/** Without a delivery for so long, the rest is given up, s. */
#define STALE_S 10

struct publisher {
  struct source source;
  bool connected, busy;
  uint64_t asked_at;
  /** Marks of the request: the first, and one more each. */
  uint64_t first_mark;
  char *request;
  size_t sent;
  char answer[ANSWER_BYTES];
  size_t answer_length;
  /** Bytes of a body that is longer than the buffer and still to come. */
  size_t body_left;
};

struct answered answered[ANSWERED_SLOTS];

static struct publisher_options options;
static struct publishing publishing;
static struct publisher *publishers;
static char *prepared;
static size_t prepared_length;
/** Where marks are in a request, and the number of the event that each belongs to. */
static struct place {
  size_t at;
  unsigned event;
} *places;
static size_t place_count;
static uint64_t last_mark, ends_at, next_due;
static unsigned busy;
static uint64_t events, requests, failed;
static char failure[201];
static struct histogram answers;
static uint64_t last_answer_at;

static void publisher_ready(struct source *source, uint32_t ready);

void publishers_configure(const struct publisher_options *given) {
  options = *given;
  options.event = text_replace(given->event, MARK_PLACE, "\xc2\xa7""0000000000000000");
}

static void prepare(void) {
  size_t length = options.event.length;
  bool array = publishing.batch > 1;
  size_t body = publishing.batch * (length + 1) - 1 + (array ? 2 : 0);
  free(prepared);
  free(places);
  prepared = allocate(options.head.length + 64 + body);
  memcpy(prepared, options.head.bytes, options.head.length);
  size_t at = options.head.length;
  at += (size_t)sprintf(prepared + at, "Content-Length: %zu\r\n\r\n", body);
  if (array) prepared[at++] = '[';
  size_t copies = 0;
  for (size_t in = 0; in + 1 < length; in++) copies += (unsigned char)options.event.bytes[in + 1] == MARK_BYTE;
  places = allocate(copies * publishing.batch * sizeof *places);
  place_count = 0;
  for (unsigned event = 0; event < publishing.batch; event++) {
    if (event > 0) prepared[at++] = ',';
    memcpy(prepared + at, options.event.bytes, length);
    for (size_t in = 0; in + 1 < length; in++)
      if ((unsigned char)options.event.bytes[in + 1] == MARK_BYTE)
        places[place_count++] = (struct place){at + in, event};
    at += length;
  }
  if (array) prepared[at++] = ']';
  prepared_length = at;
}

static void note_failure(const char *what, size_t length) {
  failed++;
  if (failure[0]) return;
  size_t taken = length < 200 ? length : 200;
  memcpy(failure, what, taken);
  failure[taken] = 0;
}

static void publisher_connect(struct publisher *publisher) {
  publisher->connected = false;
  publisher->source.fd = connect_to(options.host, options.port, 0);
  publisher->source.ready = publisher_ready;
  loop_add(&publisher->source, EPOLLOUT);
}

static void publisher_lost(struct publisher *publisher, const char *why) {
  if (publisher->busy) {
    publisher->busy = false;
    busy--;
    note_failure(why, strlen(why));
  }
  reset(publisher->source.fd);
  publisher_connect(publisher);
}

static void publisher_send(struct publisher *publisher) {
  while (publisher->sent < prepared_length) {
    ssize_t sent = send(publisher->source.fd, publisher->request + publisher->sent,
                        prepared_length - publisher->sent, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN) return publisher_lost(publisher, strerror(errno));
      return loop_change(&publisher->source, EPOLLIN | EPOLLOUT);
    }
    publisher->sent += (size_t)sent;
  }
  loop_change(&publisher->source, EPOLLIN);
}

static void publisher_begin(struct publisher *publisher, uint64_t due) {
  uint64_t mark = due > last_mark ? due : last_mark + 1;
  publisher->first_mark = mark;
  last_mark = mark + publishing.batch - 1;
  memcpy(publisher->request, prepared, prepared_length);
  for (size_t at = 0; at < place_count; at++)
    mark_write(publisher->request + places[at].at, mark + places[at].event);
  for (unsigned event = 0; event < publishing.batch; event++)
    *answered_of(mark + event) = (struct answered){mark + event, 0};
  publisher->busy = true;
  publisher->asked_at = due;
  publisher->sent = publisher->answer_length = publisher->body_left = 0;
  busy++;
  requests++;
  publisher_send(publisher);
}

/** Whether the answer is there as a whole. */
static bool answer_complete(struct publisher *publisher) {
  if (publisher->body_left > 0) return false;
  char *end = memmem(publisher->answer, publisher->answer_length, "\r\n\r\n", 4);
  if (!end) return false;
  size_t head = (size_t)(end - publisher->answer) + 4;
  for (char *line = publisher->answer; line < end;) {
    if (!strncasecmp(line, "content-length:", 15)) {
      size_t whole = head + (size_t)atol(line + 15);
      if (publisher->answer_length >= whole) return true;
      if (whole > ANSWER_BYTES) publisher->body_left = whole - publisher->answer_length;
      return false;
    }
    line = (char *)memmem(line, (size_t)(end + 2 - line), "\r\n", 2) + 2;
  }
  return publisher->answer_length >= head + 5 &&
         !memcmp(publisher->answer + publisher->answer_length - 5, "0\r\n\r\n", 5);
}

static void publisher_answered(struct publisher *publisher) {
  uint64_t now = now_ns();
  publisher->busy = false;
  busy--;
  if (publisher->answer[9] != '2') {
    note_failure(publisher->answer, publisher->answer_length);
  } else {
    events += publishing.batch;
    last_answer_at = now;
    histogram_add(&answers, now - publisher->asked_at);
    for (unsigned event = 0; event < publishing.batch; event++) {
      struct answered *slot = answered_of(publisher->first_mark + event);
      if (slot->mark == publisher->first_mark + event) slot->at = now;
    }
  }
  if (publishing.rate == 0 && now < ends_at) publisher_begin(publisher, now);
}

static void publisher_ready(struct source *source, uint32_t ready) {
  struct publisher *publisher = (struct publisher *)source;
  if (!publisher->connected && !(ready & (EPOLLERR | EPOLLHUP))) {
    publisher->connected = true;
    loop_change(source, EPOLLIN);
    return;
  }
  if (ready & EPOLLOUT && publisher->busy) publisher_send(publisher);
  if (!(ready & (EPOLLIN | EPOLLERR | EPOLLHUP))) return;
  // What is longer than the buffer is read over its end.
  bool over = publisher->body_left > 0;
  char *to = publisher->answer + (over ? ANSWER_BYTES / 2 : publisher->answer_length);
  size_t room = over ? ANSWER_BYTES / 2 : ANSWER_BYTES - publisher->answer_length;
  if (over && room > publisher->body_left) room = publisher->body_left;
  ssize_t length = recv(source->fd, to, room, 0);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) return publisher_lost(publisher, length < 0 ? strerror(errno) : "the server closed a connection");
  if (!publisher->busy) return;
  if (over) {
    publisher->body_left -= (size_t)length;
    if (publisher->body_left == 0) publisher_answered(publisher);
    return;
  }
  publisher->answer_length += (size_t)length;
  if (answer_complete(publisher)) publisher_answered(publisher);
}

/** The next events of a paced run go to connections that are free; those that are due and find none wait, and are late. */
static void begin_due(void) {
  uint64_t now = now_ns(), interval = (uint64_t)(1e9 / publishing.rate);
  for (unsigned at = 0; at < publishing.connections && next_due <= now && next_due < ends_at; at++) {
    if (publishers[at].busy || !publishers[at].connected) continue;
    publisher_begin(&publishers[at], next_due);
    next_due += interval;
  }
}

static double cpu_ms(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void open_connections(void) {
  publishers = allocate(publishing.connections * sizeof *publishers);
  for (unsigned at = 0; at < publishing.connections; at++) {
    publishers[at].request = allocate(prepared_length);
    publisher_connect(&publishers[at]);
  }
  uint64_t limit = now_ns() + 10000000000u;
  for (unsigned at = 0; at < publishing.connections; at++)
    while (!publishers[at].connected) {
      if (now_ns() > limit) fail("the publishers could not connect");
      loop_turn(20);
    }
}

static void close_connections(void) {
  for (unsigned at = 0; at < publishing.connections; at++) {
    reset(publishers[at].source.fd);
    free(publishers[at].request);
  }
  free(publishers);
}

void publish(const struct publishing *given) {
  publishing = *given;
  if (!options.head.length || !options.event.length) fail("--publish and --event are needed to publish");
  prepare();
  open_connections();
  memset(&counts, 0, sizeof counts);
  histogram_clear(&answers);
  events = requests = failed = 0;
  failure[0] = 0;
  double cpu_before = cpu_ms();
  uint64_t began = now_ns();
  ends_at = began + (uint64_t)(publishing.seconds * 1e9);
  next_due = began;
  if (publishing.rate > 0) {
    while (now_ns() < ends_at) {
      begin_due();
      uint64_t now = now_ns(), until = next_due > now ? next_due - now : 0;
      // Wakes early, and turns without waiting through the last millisecond: epoll knows no smaller unit.
      loop_turn(busy == publishing.connections ? 1 : until > 2000000 ? (int)(until / 1000000) - 1 : 0);
    }
  } else {
    for (unsigned at = 0; at < publishing.connections; at++) publisher_begin(&publishers[at], now_ns());
    while (now_ns() < ends_at) loop_turn(20);
  }
  uint64_t stopped = now_ns(), limit = stopped + (uint64_t)(publishing.settle_s * 1e9);
  uint64_t during = counts.deliveries;
  while (busy > 0 && now_ns() < limit) loop_turn(20);
  uint64_t answered_at = last_answer_at;
  unsigned reading = streams_reading();
  uint64_t seen = counts.deliveries, seen_at = now_ns(), settled = seen_at;
  while (counts.deliveries < events * reading && now_ns() < limit && now_ns() - seen_at < STALE_S * 1000000000ull) {
    loop_turn(20);
    settled = now_ns();
    if (counts.deliveries != seen) {
      seen = counts.deliveries;
      seen_at = settled;
    }
    if (reading > streams_reading()) reading = streams_reading();
  }
  double seconds = (double)(stopped - began) / 1e9;
  double settle = settled > answered_at && reading > 0 ? (double)(settled - answered_at) / 1e9 : 0;
  double total = (double)((reading > 0 ? settled : answered_at) - began) / 1e9;
  close_connections();
  printf("\"seconds\":%.3f,\"events\":%llu,\"requests\":%llu,\"refused\":%llu,\"eventsPerSecond\":%.1f,", seconds,
         (unsigned long long)events, (unsigned long long)requests, (unsigned long long)failed,
         answered_at > began ? (double)events * 1e9 / (double)(answered_at - began) : 0);
  histogram_print("answer", &answers);
  printf("\"streams\":%u,\"deliveries\":%llu,\"expected\":%llu,\"duringDeliveries\":%llu,\"deliveriesPerSecond\":%.0f,"
         "\"settleSeconds\":%.3f,\"totalSeconds\":%.3f,\"bytes\":%llu,",
         reading, (unsigned long long)counts.deliveries, (unsigned long long)(events * reading),
         (unsigned long long)during, total > 0 ? (double)counts.deliveries / total : 0, settle, total,
         (unsigned long long)counts.bytes);
  histogram_print("arrival", &counts.arrival);
  histogram_print("behind", &counts.behind);
  printf("\"clientCpuMs\":%.1f,", cpu_ms() - cpu_before);
  if (failure[0]) {
    printf("\"refusal\":");
    text_print(failure, strlen(failure));
    putchar(',');
  }
  streams_print();
}
