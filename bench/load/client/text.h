// Files that are read whole, and texts with placeholders.
#pragma once
#include <stddef.h>

struct text {
  char *bytes;
  size_t length;
};

/** Ends the program with a message on stderr. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *allocate(size_t length);
/** A file, with a NUL behind it that does not count. */
struct text text_read(const char *path);
/** Replaces each `placeholder` by `value`. */
struct text text_replace(struct text text, const char *placeholder, const char *value);
/** Prints a JSON string of at most `length` bytes; what is not printable ASCII becomes a space. */
void text_print(const char *bytes, size_t length);
