// Writes the same bytes to many sockets: one `send` each, without what a JavaScript stream does around it.
// Built by `npm run build:native`, without libraries: the process that loads it has the C library, whichever it is.
#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#define NAPI_VERSION 8
#include <node_api.h>

// send(descriptors: Int32Array, count: number, bytes: Buffer, sent: Int32Array): void
// `sent` receives, for each descriptor, the number of bytes that the socket took: 0 where it took none or failed. Never blocks.
static napi_value send_to_all(napi_env env, napi_callback_info info) {
  size_t argc = 4;
  napi_value argv[4];
  napi_typedarray_type descriptor_type, sent_type;
  size_t descriptors_length, sent_length, length;
  void *descriptors, *sent, *bytes;
  uint32_t count;
  if (napi_get_cb_info(env, info, &argc, argv, 0, 0) != napi_ok || argc != 4 ||
      napi_get_typedarray_info(env, argv[0], &descriptor_type, &descriptors_length, &descriptors, 0, 0) != napi_ok ||
      napi_get_value_uint32(env, argv[1], &count) != napi_ok ||
      napi_get_buffer_info(env, argv[2], &bytes, &length) != napi_ok ||
      napi_get_typedarray_info(env, argv[3], &sent_type, &sent_length, &sent, 0, 0) != napi_ok ||
      descriptor_type != napi_int32_array || sent_type != napi_int32_array || count > descriptors_length ||
      count > sent_length || length > INT32_MAX) {
    napi_throw_type_error(env, 0, "send(Int32Array, number, Buffer, Int32Array)");
    return 0;
  }
  for (uint32_t at = 0; at < count; at++) {
    ssize_t taken;
    do
      taken = send(((int32_t *)descriptors)[at], bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (taken < 0 && errno == EINTR);
    ((int32_t *)sent)[at] = taken < 0 ? 0 : (int32_t)taken;
  }
  return 0;
}

NAPI_MODULE_INIT() {
  napi_value value;
  if (napi_create_function(env, "send", NAPI_AUTO_LENGTH, send_to_all, 0, &value) == napi_ok)
    napi_set_named_property(env, exports, "send", value);
  // SHA-256 of this file.
  if (napi_create_string_utf8(env, SOURCE, NAPI_AUTO_LENGTH, &value) == napi_ok)
    napi_set_named_property(env, exports, "source", value);
  return exports;
}
