import { OnMessage, WebSocketPath } from '../../src';
import { start, connect } from '../support/app';
import { deferred } from '../support/engine';
import { LOCALHOST } from '../support/certificates';
import { serve } from '../support/serve';

describe.each<[string, Parameters<typeof start>[1]]>([
  ['TCP', {}],
  ['TLS', { tls: LOCALHOST }],
])('an iterable goes on, item by item, over %s', (_door, options) => {
  test.each([
    [1, 1],
    [1024, 1100],
    [1024, 70_000],
    [64 * 1024, 100_000],
  ])('with a mark of %i bytes and items of %i', async (mark, size) => {
    @WebSocketPath('/', { limits: { highWaterMarkBytes: mark } })
    class Controller {
      @OnMessage('items')
      async *items() {
        for (let i = 0; i < 20; i++) yield 'x'.repeat(size);
      }
    }
    const app = await start([Controller], options);
    const client = await connect(app, '/', { rejectUnauthorized: false });
    client.send('{"event":"items","id":1}');
    for (let i = 0; i < 20; i++) expect(await client.receive()).toContain('"more":true');
    expect(await client.receive()).toBe('{"event":"items","id":1,"done":true}');
  });
});

describe('more iterables than are sent at once', () => {
  @WebSocketPath('/')
  class Controller {
    static gate = deferred();

    @OnMessage('ticks')
    async *ticks() {
      await Controller.gate.promise;
      yield 'tick';
    }

    @OnMessage('probe')
    probe() {
      return 'here';
    }
  }

  beforeEach(() => (Controller.gate = deferred()));

  test.each([64, 65, 70])('%i: what stops the connection is in the log, once', async (count) => {
    const app = await serve([Controller]);
    const client = await app.connect('/');
    for (let i = 0; i < count; i++) client.emit('ticks');
    const probe = client.request('probe');
    if (count === 64) expect(await probe).toBe('here');
    else while (app.log.lines.length === 0) await new Promise(setImmediate);
    Controller.gate.resolve();
    expect(await probe).toBe('here');
    const told = 'warn 64 iterables are being sent: no message is handled until one of them ends';
    expect(app.log.lines).toEqual(count === 64 ? [] : [told]);
  });
});
