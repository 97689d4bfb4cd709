#define _GNU_SOURCE
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fail(const char *format, ...) {
  va_list values;
  va_start(values, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
  va_end(values);
  exit(1);
}

void *allocate(size_t length) {
  void *bytes = calloc(1, length ? length : 1);
  if (!bytes) fail("no memory for %zu bytes", length);
  return bytes;
}

struct text text_read(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail("%s cannot be read", path);
  fseek(file, 0, SEEK_END);
  long length = ftell(file);
  rewind(file);
  struct text text = {allocate((size_t)length + 1), (size_t)length};
  if (fread(text.bytes, 1, text.length, file) != text.length) fail("%s cannot be read", path);
  fclose(file);
  return text;
}

struct text text_replace(struct text text, const char *placeholder, const char *value) {
  size_t from = strlen(placeholder), to = strlen(value), found = 0;
  const char *end = text.bytes + text.length, *at = text.bytes, *next;
  while ((next = memmem(at, (size_t)(end - at), placeholder, from))) {
    found++;
    at = next + from;
  }
  struct text made = {allocate(text.length + found * to + 1), 0};
  for (at = text.bytes; (next = memmem(at, (size_t)(end - at), placeholder, from)); at = next + from) {
    memcpy(made.bytes + made.length, at, (size_t)(next - at));
    made.length += (size_t)(next - at);
    memcpy(made.bytes + made.length, value, to);
    made.length += to;
  }
  memcpy(made.bytes + made.length, at, (size_t)(end - at));
  made.length += (size_t)(end - at);
  return made;
}

void text_print(const char *bytes, size_t length) {
  putchar('"');
  for (size_t at = 0; at < length; at++) {
    char byte = bytes[at];
    if (byte == '"' || byte == '\\') putchar('\\');
    putchar(byte < ' ' || byte > '~' ? ' ' : byte);
  }
  putchar('"');
}
