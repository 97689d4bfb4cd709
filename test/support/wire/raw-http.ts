import { once } from 'node:events';
import { connect } from 'node:net';

/** Sends bytes as they are and collects what comes back, until `enough` says so or the peer hangs up. */
export async function exchange(
  url: string,
  bytes: string,
  enough: (received: string) => boolean = () => false,
): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  let received = '';
  const done = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (enough(received)) resolve();
    });
    socket.on('close', () => resolve());
    socket.on('error', () => resolve());
  });
  socket.write(bytes, 'latin1');
  await done;
  socket.destroy();
  return received;
}
