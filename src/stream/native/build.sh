#!/bin/sh
# Builds the addon for this machine (Linux; needs a C compiler). Without libraries, so that it loads beside glibc and musl.
set -eu
cd "$(dirname "$0")"
name="$(node -p 'process.platform + "-" + process.arch').node"
cc -Os -s -shared -fPIC -nostdlib -fno-stack-protector -fno-asynchronous-unwind-tables -Wall -Wextra -Wl,--build-id=none \
  -I../../../node_modules/node-api-headers/include \
  "-DSOURCE=\"$(sha256sum send.c | cut -d ' ' -f 1)\"" -o "$name" send.c
echo "$name"
