#define _GNU_SOURCE
#include "streams.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "clock.h"
#include "loop.h"
#include "receiver.h"

#define READ_BYTES (256 * 1024)
/** Max bytes of an answer before the stream counts as open. */
#define HEAD_BYTES 16384
/** Each of so many streams is sampled for the delay behind the answer. */
#define SAMPLED_EACH 8
/** Receive buffer of streams that stop reading, bytes: else the kernel would read on for megabytes. */
#define STALLED_BUFFER 4096
/** Time between two scans for streams that are to be asked for again. */
#define RETRY_SCAN_NS 20000000u

enum state { CLOSED, CONNECTING, OPENING, WAITING, OPEN, FAILED, ENDED };

struct stream {
  struct source source;
  enum state state;
  unsigned index;
  bool stalled;
  struct receiver received;
  uint64_t asked_at;
  /** When a stream that was answered 503 is asked for again. */
  uint64_t retry_at;
  char *head;
  unsigned head_length;
  bool replied;
  /** Whether the status of the answer was read. */
  bool accepted;
};

static struct stream_options options;
static struct stream *streams;
static unsigned capacity, opened, failed, ended, pending, waiting, retries;
/** Whether streams stop reading once they are open. */
static bool opens_still;
static const char **tokens;
static unsigned token_count;
static char failure[201];
/** Whether openings that are under way are given up. */
static bool closing;
static struct histogram opening;
static char *space;

static void stream_ready(struct source *source, uint32_t events);

void streams_configure(const struct stream_options *given) {
  options = *given;
  receiver_copies = options.copies;
  space = allocate(READ_BYTES);
  char *end = options.tokens.bytes + options.tokens.length;
  for (char *at = options.tokens.bytes; at && at < end; at++)
    if (*at == '\n') token_count++;
  tokens = allocate((token_count + 1) * sizeof *tokens);
  unsigned count = 0;
  for (char *at = options.tokens.bytes; at && at < end && count < token_count;) {
    char *line = memchr(at, '\n', (size_t)(end - at));
    *line = 0;
    tokens[count++] = at;
    at = line + 1;
  }
}

static void note_failure(const char *what, size_t length) {
  if (failure[0]) return;
  size_t taken = length < 200 ? length : 200;
  memcpy(failure, what, taken);
  failure[taken] = 0;
}

static void stream_postpone(struct stream *stream, uint64_t seconds);

/** A connection that ends before the answer begins is made anew, as clients do; all else ends the stream. */
static void stream_end(struct stream *stream, const char *why, size_t length) {
  bool unanswered = stream->state == CONNECTING || (stream->state == OPENING && stream->head_length == 0);
  if (unanswered && !closing) {
    note_failure(why, length);
    return stream_postpone(stream, 1);
  }
  if (stream->state == OPEN) {
    opened--;
    ended++;
    stream->state = ENDED;
  } else {
    pending--;
    failed++;
    stream->state = FAILED;
  }
  note_failure(why, length);
  reset(stream->source.fd);
  stream->source.fd = -1;
  free(stream->head);
  stream->head = NULL;
}

/** Asks again later. */
static void stream_postpone(struct stream *stream, uint64_t seconds) {
  stream->retry_at = now_ns() + seconds * 1000000000u;
  stream->state = WAITING;
  pending--;
  waiting++;
  retries++;
  reset(stream->source.fd);
  stream->source.fd = -1;
  free(stream->head);
  stream->head = NULL;
}

static void stream_start(struct stream *stream, const char *cursor, unsigned stalled_each) {
  stream->stalled = false;
  int buffer = stalled_each && stream->index % stalled_each == 0 ? STALLED_BUFFER : 0;
  stream->source.fd = connect_to(options.host, options.port, buffer);
  stream->source.ready = stream_ready;
  if (stream->state == WAITING) waiting--;
  else stream->asked_at = now_ns();
  stream->state = CONNECTING;
  if (cursor) receiver_reconnect(&stream->received);
  else stream->received = (struct receiver){0};
  stream->head = NULL;
  stream->head_length = 0;
  stream->replied = options.reply_to == NULL;
  stream->accepted = false;
  pending++;
  char resume[300] = "", index[16];
  if (cursor) snprintf(resume, sizeof resume, "Last-Event-ID: %s\r\n", cursor);
  snprintf(index, sizeof index, "%u", stream->index + 1);
  struct text one = text_replace(options.request, "{resume}", resume);
  struct text two = text_replace(one, "{index}", index);
  struct text three = text_replace(two, "{token}", token_count ? tokens[stream->index % token_count] : "");
  free(one.bytes);
  free(two.bytes);
  stream->head = three.bytes;
  stream->head_length = (unsigned)three.length;
  loop_add(&stream->source, EPOLLOUT);
}

/** Writes the request; then `head` collects the answer. */
static void stream_request(struct stream *stream) {
  ssize_t sent = send(stream->source.fd, stream->head, stream->head_length, MSG_NOSIGNAL);
  if (sent < 0 || (unsigned)sent != stream->head_length) {
    const char *why = sent < 0 ? strerror(errno) : "the request was not taken whole";
    return stream_end(stream, why, strlen(why));
  }
  free(stream->head);
  stream->head = allocate(HEAD_BYTES + 1);
  stream->head_length = 0;
  stream->state = OPENING;
  loop_change(&stream->source, EPOLLIN);
}

/** Collects the beginning of the answer until the stream is open. */
static void stream_answered(struct stream *stream, const char *bytes, size_t length, uint64_t now) {
  size_t kept = length < HEAD_BYTES - stream->head_length ? length : HEAD_BYTES - stream->head_length;
  memcpy(stream->head + stream->head_length, bytes, kept);
  stream->head_length += (unsigned)kept;
  if (!stream->accepted && stream->head_length >= 12) {
    // `Retry-After` may be anywhere in the head.
    if (!memcmp(stream->head + 9, "503", 3)) {
      if (!memmem(stream->head, stream->head_length, "\r\n\r\n", 4)) return;
      stream->head[stream->head_length] = 0;
      const char *field = strcasestr(stream->head, "retry-after:");
      return stream_postpone(stream, field ? (uint64_t)atoi(field + 12) : 1);
    }
    if (memcmp(stream->head + 9, "200", 3) && memcmp(stream->head + 9, "101", 3))
      return stream_end(stream, stream->head, stream->head_length);
    stream->accepted = true;
  }
  if (!stream->replied && memmem(stream->head, stream->head_length, options.reply_to, strlen(options.reply_to))) {
    stream->replied = true;
    if (send(stream->source.fd, options.reply.bytes, options.reply.length, MSG_NOSIGNAL) < 0)
      return stream_end(stream, strerror(errno), strlen(strerror(errno)));
  }
  bool found = memmem(stream->head, stream->head_length, options.opened, strlen(options.opened)) != NULL;
  // A replay may be longer than the head: then the end is searched.
  if (!found && stream->head_length == HEAD_BYTES) {
    unsigned half = HEAD_BYTES / 2;
    memmove(stream->head, stream->head + half, HEAD_BYTES - half);
    stream->head_length = HEAD_BYTES - half;
    if (kept < length) return stream_answered(stream, bytes + kept, length - kept, now);
  }
  if (!found || !stream->replied) return;
  stream->state = OPEN;
  pending--;
  opened++;
  histogram_add(&opening, now - stream->asked_at);
  free(stream->head);
  stream->head = NULL;
  if (!opens_still) return;
  stream->stalled = true;
  loop_change(&stream->source, 0);
}

static void stream_ready(struct source *source, uint32_t events) {
  struct stream *stream = (struct stream *)source;
  if (stream->state == CONNECTING && !(events & (EPOLLERR | EPOLLHUP))) return stream_request(stream);
  ssize_t length = recv(source->fd, space, READ_BYTES, 0);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) {
    if (stream->state == OPENING && stream->head_length > 0)
      return stream_end(stream, stream->head, stream->head_length);
    const char *why = length < 0 ? strerror(errno) : "the server ended a stream";
    return stream_end(stream, why, strlen(why));
  }
  uint64_t now = now_ns();
  counts.bytes += (uint64_t)length;
  receiver_scan(&stream->received, (unsigned char *)space, (size_t)length, now, stream->index % SAMPLED_EACH == 0);
  if (stream->state == OPENING) stream_answered(stream, space, (size_t)length, now);
}

void streams_open(unsigned target, unsigned window, const char *cursor, double timeout_s, unsigned stalled_each,
                  bool still) {
  opens_still = still;
  if (target > capacity) {
    // Sources are known by their address: none may move while one is open.
    if (opened > 0) fail("open as many streams first as there are to be at most");
    free(streams);
    streams = allocate(target * sizeof *streams);
    capacity = target;
    for (unsigned at = 0; at < capacity; at++) streams[at] = (struct stream){.index = at, .source.fd = -1};
  }
  histogram_clear(&opening);
  memset(&counts, 0, sizeof counts);
  failed = 0;
  failure[0] = 0;
  retries = 0;
  unsigned next = 0, before = opened;
  uint64_t began = now_ns(), limit = began + (uint64_t)(timeout_s * 1e9), scanned_at = began;
  while (opened + failed < target && now_ns() < limit) {
    if (waiting > 0 && now_ns() - scanned_at > RETRY_SCAN_NS) {
      scanned_at = now_ns();
      for (unsigned at = 0; at < capacity && pending < window; at++)
        if (streams[at].state == WAITING && streams[at].retry_at <= scanned_at)
          stream_start(&streams[at], cursor, stalled_each);
    }
    while (pending < window && opened + pending + waiting + failed < target) {
      while (next < capacity && streams[next].state != CLOSED && streams[next].state != ENDED) next++;
      if (next == capacity) break;
      stream_start(&streams[next++], cursor, stalled_each);
    }
    loop_turn(20);
  }
  double seconds = (double)(now_ns() - began) / 1e9;
  waiting = 0;
  closing = true;
  for (unsigned at = 0; at < capacity; at++) {
    struct stream *stream = &streams[at];
    if (stream->state == CONNECTING || stream->state == OPENING)
      stream_end(stream, "not open in time", strlen("not open in time"));
    if (stream->state == WAITING) failed++;
    if (stream->state == FAILED || stream->state == WAITING) stream->state = CLOSED;
  }
  closing = false;
  printf("\"seconds\":%.3f,\"opened\":%u,\"open\":%u,\"failed\":%u,\"retries\":%u,", seconds, opened - before, opened,
         failed, retries);
  printf("\"deliveries\":%llu,\"bytes\":%llu,", (unsigned long long)counts.deliveries, (unsigned long long)counts.bytes);
  histogram_print("opening", &opening);
  streams_print();
}

void streams_close(void) {
  for (unsigned at = 0; at < capacity; at++) {
    struct stream *stream = &streams[at];
    if (stream->source.fd >= 0) reset(stream->source.fd);
    free(stream->head);
    stream->head = NULL;
    stream->source.fd = -1;
    stream->state = CLOSED;
  }
  opened = pending = 0;
}

unsigned streams_reading(void) {
  unsigned count = 0;
  for (unsigned at = 0; at < capacity; at++) count += streams[at].state == OPEN && !streams[at].stalled;
  return count;
}

void streams_stall(unsigned each) {
  for (unsigned at = 0; at < capacity; at++) {
    struct stream *stream = &streams[at];
    if (stream->state != OPEN) continue;
    stream->stalled = each > 0 && at % each == 0;
    loop_change(&stream->source, stream->stalled ? 0 : EPOLLIN);
  }
}

void streams_forget(void) {
  for (unsigned at = 0; at < capacity; at++) streams[at].received = (struct receiver){0};
  broken = ended = 0;
  failure[0] = 0;
}

void streams_print(void) {
  // The majority by Boyer and Moore, then those that differ from it.
  struct stream *most = NULL;
  unsigned votes = 0, differ = 0;
  for (unsigned at = 0; at < capacity; at++) {
    struct stream *stream = &streams[at];
    if (stream->state != OPEN || stream->stalled) continue;
    if (votes == 0) most = stream;
    votes += receiver_equal(&most->received, &stream->received) ? 1u : -1u;
  }
  for (unsigned at = 0; at < capacity; at++) {
    struct stream *stream = &streams[at];
    if (stream->state == OPEN && !stream->stalled && most)
      differ += !receiver_equal(&most->received, &stream->received);
  }
  printf("\"ended\":%u,\"differing\":%u,\"broken\":%u,\"failure\":", ended, differ, broken);
  text_print(failure, strlen(failure));
  putchar(',');
}
