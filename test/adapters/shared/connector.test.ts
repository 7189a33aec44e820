import { Connector, report, type Run } from '../../../src/adapters/shared/connector';
import { deferred } from '../../support/engine';

/** Connections that the test makes and breaks, and what was reported. */
function start(pauseMs = 0) {
  const reports: string[] = [];
  const links: { run: Run<string>; up: () => void; end: (reason: Error) => void }[] = [];
  const connector = new Connector<string>({ ms: pauseMs, jitterMs: 0 }, (run, up) => {
    const { promise, resolve } = deferred<Error>();
    run.link = `link ${links.length + 1}`;
    links.push({ run, up, end: resolve });
    run.signal.addEventListener('abort', () => resolve(new Error('stopped')));
    return promise.finally(() => {
      run.link = undefined;
      run.isUp = false;
    });
  });
  const events = {
    onPacket: () => undefined,
    onUp: () => void reports.push('up'),
    onDown: (error: Error) => void reports.push(`down: ${error.message}`),
    onLost: () => undefined,
  };
  const attempt = async (count: number): Promise<(typeof links)[number]> => {
    while (links.length < count) await new Promise((resolve) => setImmediate(resolve));
    return links[count - 1]!;
  };
  return { connector, events, reports, links, attempt };
}

test('starts when the first attempt is over, and tells of each change once', async () => {
  const { connector, events, reports, attempt } = start();
  const starting = connector.start(events);
  const first = await attempt(1);
  expect([connector.link, connector.up]).toEqual(['link 1', undefined]);
  first.end(new Error('no server'));
  await starting;
  (await attempt(2)).end(new Error('no server'));
  const third = await attempt(3);
  third.up();
  expect(connector.up).toBe('link 3');
  third.end(new Error('it broke'));
  const fourth = await attempt(4);
  expect([connector.link, connector.up]).toEqual(['link 4', undefined]);
  fourth.up();
  expect(reports).toEqual(['down: no server', 'up', 'down: it broke', 'up']);
  await connector.stop(() => undefined);
});

test('stops in every state, without a report, and starts again', async () => {
  const { connector, events, reports, links, attempt } = start(1_000_000);
  const ended: (string | undefined)[] = [];
  const stop = (): Promise<void> => connector.stop(({ link, isUp }) => void ended.push(`${link} ${isUp}`));
  await stop();
  void connector.start(events);
  await attempt(1);
  await stop();
  const up = connector.start(events);
  (await attempt(2)).up();
  await up;
  await expect(connector.start(events)).rejects.toThrow('started already');
  await stop();
  await stop();
  const down = connector.start(events);
  (await attempt(3)).end(new Error('no server'));
  await down;
  // while it waits for the next attempt
  await stop();
  expect(ended).toEqual(['link 1 false', 'link 2 true', 'undefined false']);
  expect(reports).toEqual(['up', 'down: no server']);
  expect(links).toHaveLength(3);
});

test('what a run leaves behind is gone when it has stopped', async () => {
  const closed = deferred();
  const connect = (run: Run<string>): Promise<Error> =>
    new Promise((resolve) => run.signal.addEventListener('abort', () => resolve(new Error('stopped'))));
  const connector = new Connector<string>({ ms: 0, jitterMs: 0 }, connect, () => closed.promise);
  void connector.start(start().events);
  let isStopped = false;
  const stopping = connector.stop(() => undefined).then(() => (isStopped = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isStopped).toBe(false);
  closed.resolve();
  await stopping;
});

test('what a listener throws does not go through the client', () => {
  const later = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => undefined);
  report(() => {
    throw new Error('oops');
  });
  const [thrown] = later.mock.calls[0]!;
  later.mockRestore();
  expect(thrown).toThrow('oops');
});
