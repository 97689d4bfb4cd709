import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { publish } from './publish.mjs';

/**
 * Publishes each event in a request of its own, all at once, from a thread of its own: this one carries the connections of
 * streams and of the database.
 *
 * @param urls of the nodes, in turn
 * @param onAccepted is given the event, the id of its row, and when it was acknowledged
 */
export async function rush({ urls, token, events, onAccepted, onRefused }) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { urls, token, events } });
  worker.on('message', ({ accepted, refused }) => {
    if (accepted) onAccepted(events[accepted.index], accepted.id, accepted.at);
    else onRefused(refused);
  });
  await once(worker, 'exit');
}

if (!isMainThread && workerData?.urls) {
  const { urls, token, events } = workerData;
  let turn = 0;
  await Promise.all(
    events.map(async (event, index) => {
      const ids = await publish({
        pickUrl: () => urls[turn++ % urls.length],
        token,
        events: [event],
        onRefused: (refused) => parentPort.postMessage({ refused }),
      });
      if (ids) parentPort.postMessage({ accepted: { index, id: ids[0], at: Date.now() } });
    }),
  );
}
