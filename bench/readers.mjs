// Many connections, read by one process as cheaply as Node can: one buffer for all of them, no parser, no stream objects
// in between. What arrives is counted, and searched for one byte that marks an event.
import { once } from 'node:events';
import { connect } from 'node:net';

/** What an event that is waited for has in its message. */
export const MARK = '§';
/** So often the mark stands in such an event: our notifications hold the message twice, and so do the peers'. */
export const MARKS = 2;

/** The last byte of the mark. Nothing else here has it: not the JSON, no header, and no length of a frame. */
const BYTE = 0xa7;
const SIZE = 256 * 1024;
const OPENED_TOGETHER = 200;

/** One more than is read at once, so that a search always finds something and needs no slice to end in. */
const space = Buffer.allocUnsafeSlow(SIZE + 1);
const readInto = space.subarray(0, SIZE);

export class Readers {
  /** Bytes that came in. */
  bytes = 0;
  /** Marked events that came in, on all connections together. */
  arrived = 0;
  /** Told of each marked event of each connection: its number on that connection, from 0, and when it came. */
  onArrival;
  #marks;
  #sockets = [];
  #failure;
  #waiting;

  constructor(count) {
    this.#marks = new Int32Array(count);
  }

  /**
   * Opens all connections, a few hundred at a time: `opened` is asked to wait until the server has so many. Each writes
   * `hello.ask`; one that has a `hello.answer` writes that when it was sent `hello.to`; and that is all.
   */
  async open(port, hello, opened) {
    while (this.#sockets.length < this.#marks.length) {
      const opening = Math.min(OPENED_TOGETHER, this.#marks.length - this.#sockets.length);
      await Promise.all(Array.from({ length: opening }, () => this.#connect(port, hello)));
      await opened(this.#sockets.length);
    }
  }

  /**
   * Waits until so many marked events have arrived since the start.
   * @throws when that takes longer than `ms`, or something failed
   */
  async until(arrived, ms) {
    if (this.arrived < arrived && !this.#failure) {
      let timer;
      await new Promise((resolve, reject) => {
        this.#waiting = { arrived, resolve, reject };
        timer = setTimeout(
          () => reject(new Error(`${this.arrived} of ${arrived} deliveries arrived within ${ms / 1000} s`)),
          ms,
        );
      }).finally(() => clearTimeout(timer));
      this.#waiting = undefined;
    }
    if (this.#failure) throw this.#failure;
  }

  /** Whoever waits, or will, is told so. */
  fail(error) {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
  }

  /** @throws unless every connection got exactly so many marked events */
  assertEach(events) {
    if (this.#failure) throw this.#failure;
    const wrong = this.#marks.filter((marks) => marks !== events * MARKS).length;
    if (wrong > 0) throw new Error(`${wrong} connections did not get each event exactly once`);
  }

  close() {
    // By a reset, so that no port is kept for a minute after.
    for (const socket of this.#sockets.splice(0)) socket.resetAndDestroy();
  }

  async #connect(port, hello) {
    const index = this.#sockets.length;
    let { answer } = hello;
    const read = (length) => {
      if (answer && space.subarray(0, length).includes(hello.to)) {
        socket.write(answer);
        answer = undefined;
      }
      return this.#read(index, length);
    };
    const socket = connect({ port, host: '127.0.0.1', onread: { buffer: readInto, callback: read } });
    this.#sockets.push(socket);
    socket.on('error', () => {});
    socket.on('end', () => this.fail(new Error('the server ended a connection')));
    await once(socket, 'connect');
    socket.write(hello.ask);
  }

  #read(index, length) {
    this.bytes += length;
    space[length] = BYTE;
    let at = space.indexOf(BYTE);
    if (at === length) return true;
    const before = Math.floor(this.#marks[index] / MARKS);
    for (; at < length; at = space.indexOf(BYTE, at + 1)) this.#marks[index]++;
    const after = Math.floor(this.#marks[index] / MARKS);
    this.arrived += after - before;
    if (this.onArrival) {
      const now = performance.now();
      for (let event = before; event < after; event++) this.onArrival(event, now);
    }
    if (this.#waiting && this.arrived >= this.#waiting.arrived) this.#waiting.resolve();
    return true;
  }
}
