import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Application } from '../../src';
import { deflateMessage, inflateMessage } from '../support/deflate';
import { BINARY, binary, clientFrame, close, CLOSE, continuation, ping, PONG, TEXT, text } from '../support/frames';
import type { HttpAnswer, RawClient } from '../support/raw-client';
import { until } from '../support/until';
import { seen } from './application';
import { withstands, withstandsOverHttp1 } from './threats';

/** The server's answer to a handshake, and the client that got it. */
export interface Answered extends HttpAnswer {
  client: RawClient<Duplex>;
}

/** An application of `EveryTransportModule`, and how clients reach it. */
export interface Target {
  app: Application;
  /** The part of `connection.handshake` that depends on the transport. */
  handshake: { httpVersion: '1.1' | '2.0'; secure: boolean; remoteAddress: string };
  /** The host that clients name, with a port where they name one. */
  authority: string;
  /** The status of an answer that accepts. */
  accepted: 101 | 200;
  connect(path: string, headers?: Record<string, string>): Promise<Answered>;
  /** A bare connection. */
  dial(): Promise<Duplex>;
  /** Closes the servers and proxies that are not the application's own. */
  close(): Promise<void>;
}

/** The protocol that clients speak with the server itself, or a proxy between the two. */
export type Kind = 'HTTP/1.1' | 'HTTP/2' | 'a proxy';

/** Tests of all that clients may expect, whatever their transport is. */
export function behaves(name: string, kind: Kind, open: () => Promise<Target>): void {
  describe(name, () => {
    let target: Target;
    let names = 0;

    beforeAll(async () => {
      target = await open();
    });

    afterAll(() => stop(target));

    const answer: Target['connect'] = (path, headers) => target.connect(path, headers);

    async function enter(path: string, headers?: Record<string, string>): Promise<Answered> {
      const answered = await answer(path, headers);
      expect([answered.status, answered.body]).toEqual([target.accepted, '']);
      return answered;
    }

    /** A client by whose name `seen` tells how its connection ended. */
    async function entered(): Promise<RawClient<Duplex> & { name: string }> {
      const name = `${target.authority} ${++names}`;
      const { client } = await enter(`/told?name=${encodeURIComponent(name)}`);
      client.write(text('here'));
      expect(await message(client)).toBe('noted');
      return Object.assign(client, { name });
    }

    describe('messages', () => {
      test.each([0, 1, 125, 126, 65_535, 65_536, 1_048_576])('%i bytes come back as they were', async (length) => {
        const { client } = await enter('/echo');
        const bytes = randomBytes(length);
        client.write(binary(bytes));
        const echoed = await message(client);
        expect(Buffer.isBuffer(echoed) && echoed.equals(bytes)).toBe(true);
      });

      test.each(['', 'héllo ✓ 🂡', 'x'.repeat(100_000)])('text comes back as it was', async (words) => {
        const { client } = await enter('/echo');
        client.write(text(words));
        expect(await message(client)).toBe(words);
      });

      test('a hundred messages in one packet come back in their order', async () => {
        const { client } = await enter('/echo');
        const words = Array.from({ length: 100 }, (_, index) => `message ${index}`);
        client.write(Buffer.concat(words.map((word) => text(word))));
        for (const word of words) expect(await message(client)).toBe(word);
      });

      test('a message in fragments comes back; a ping between them is answered at once', async () => {
        const { client } = await enter('/echo');
        client.write(text('one ', { fin: false }));
        client.write(ping('in between'));
        expect(await client.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from('in between') });
        client.write(continuation('two'));
        expect(await message(client)).toBe('one two');
      });

      test('a message that comes byte by byte', async () => {
        const { client } = await enter('/echo');
        for (const byte of text('slow but sure')) client.write(Buffer.from([byte]));
        expect(await message(client)).toBe('slow but sure');
      });

      test('messages are compressed both ways, once agreed on', async () => {
        const offer = 'permessage-deflate; client_no_context_takeover; server_no_context_takeover';
        const { client, headers } = await enter('/echo', { 'Sec-WebSocket-Extensions': offer });
        expect(headers['sec-websocket-extensions']).toMatch(/^permessage-deflate/);
        const words = 'the same words again and again, '.repeat(200);
        client.write(clientFrame({ opcode: TEXT, rsv: 4, payload: deflateMessage(words) }));
        const { rsv, payload } = await client.frame();
        expect(rsv).toBe(4);
        expect(inflateMessage(payload).toString()).toBe(words);
      });

      test.each(['/caf%C3%A9/$br%C3%BBl%C3%A9e', '/caf%c3%a9/%24br%C3%BBl%c3%a9e'])(
        'the pattern of a path means what is encoded: %s',
        async (path) => {
          const { client } = await enter(path);
          client.write(text('one'));
          expect(await message(client)).toBe('one brûlée');
        },
      );

      test('events are answered by id, and their bodies validated', async () => {
        const { client } = await enter('/rooms/7');
        client.write(text('{"event":"sum","data":{"a":2,"b":3},"id":1}'));
        expect(await message(client)).toBe('{"event":"sum","data":5,"id":1}');
        client.write(text('{"event":"sum","data":{"a":2,"b":"x"},"id":2}'));
        expect(JSON.parse((await message(client)) as string)).toMatchObject({
          error: { code: 'validation_failed' },
          id: 2,
        });
      });

      test("a server's own ping is answered", async () => {
        const { client } = await enter('/told');
        client.write(text('ping'));
        const { payload } = await client.frame();
        client.write(clientFrame({ opcode: PONG, payload }));
        expect(await message(client)).toBe('pong in number');
      });

      test('sendStream sends one message in fragments', async () => {
        const { client } = await enter('/told');
        client.write(text('stream'));
        expect(await message(client)).toBe('one two three');
      });

      test('a client that does not read makes send return false; once it reads, nothing is missing', async () => {
        const { client } = await enter('/told');
        client.socket.pause();
        client.write(text('flood'));
        await new Promise(setImmediate);
        client.socket.resume();
        let received = 0;
        for (;;) {
          const next = await message(client);
          if (typeof next === 'string') {
            expect(received).toBe(Number(next));
            break;
          }
          received += next.length;
        }
        expect(received).toBeGreaterThanOrEqual(64 * 1024);
      });
    });

    describe('the handshake', () => {
      test("path, query, headers and the client's address reach the handler", async () => {
        const { client } = await enter('/rooms/a%20b?color=red', { 'X-Note': 'n' });
        client.write(text('{"event":"handshake","id":1}'));
        const { data } = JSON.parse((await message(client)) as string) as { data: object };
        expect(data).toEqual({
          room: 'a b',
          color: 'red',
          url: '/rooms/a%20b?color=red',
          note: 'n',
          host: target.authority,
          ...target.handshake,
        });
      });

      test("the server picks the first subprotocol in the client's order that the path speaks", async () => {
        const { headers } = await enter('/echo', { 'Sec-WebSocket-Protocol': 'other, chat.v1, chat.v2' });
        expect(headers['sec-websocket-protocol']).toBe('chat.v1');
      });

      test('an unknown path gets 404', async () => {
        expect((await answer('/nowhere')).status).toBe(404);
      });

      test.each(['/rooms/', '/rooms//', '/rooms//x', '/rooms?room=7', '/rooms/7/', '/echo/', '/echo;v=1'])(
        '404 for a path that no controller has: %s',
        async (path) => {
          expect((await answer(path)).status).toBe(404);
        },
      );

      test.each([
        ['a%2Fb', 'a/b'],
        ['a;v=1', 'a;v=1'],
      ])('the parameter %s is %s', async (encoded, room) => {
        const { client } = await enter(`/rooms/${encoded}`);
        client.write(text('{"event":"handshake","id":1}'));
        expect(JSON.parse((await message(client)) as string)).toMatchObject({ data: { room } });
      });

      test('a guard refuses with 401, headers and a body, or with 403', async () => {
        expect(await answer('/guarded')).toMatchObject({
          status: 401,
          headers: { 'www-authenticate': 'Bearer' },
          body: 'who?',
        });
        expect((await answer('/guarded', { Authorization: 'Bearer guessed' })).status).toBe(403);
      });

      test('@OnUpgrade refuses with status, headers and body, or accepts with headers', async () => {
        const Authorization = 'Bearer let-me-in';
        const refused = await answer('/guarded?full', { Authorization });
        expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '30' }, body: 'full' });
        expect(cookies(refused)).toBe('seat=7; HttpOnly, row=2; Path=/');
        const { client, headers } = await enter('/guarded', { Authorization });
        expect(headers['x-seat']).toBe('7');
        expect(cookies({ headers })).toBe('seat=7; HttpOnly, row=2; Path=/');
        client.write(text('who am I'));
        expect(await message(client)).toBe('ann');
      });

      test.each(['evil.example', 'AUTHORITY.evil.example', 'null', 'https://AUTHORITY, https://AUTHORITY'])(
        'a page of another host gets 403: %s',
        async (origin) => {
          const host = new URL(`http://${target.authority}`).hostname;
          const Origin = origin.replaceAll('AUTHORITY', host);
          const whole = Origin === 'null' || Origin.includes('://') ? Origin : `https://${Origin}`;
          expect((await answer('/echo', { Origin: whole })).status).toBe(403);
        },
      );

      test('a page of the same host is accepted', async () => {
        await enter('/echo', { Origin: `https://${new URL(`http://${target.authority}`).host}` });
      });

      test.each([
        ['an unknown version', { 'Sec-WebSocket-Version': '8' }, [400, 426]],
        ['no version', { 'Sec-WebSocket-Version': '' }, [400, 426]],
        ['extensions that break the grammar', { 'Sec-WebSocket-Extensions': 'permessage-deflate; =' }, [400]],
        ['a subprotocol asked for twice', { 'Sec-WebSocket-Protocol': 'a, a' }, [400]],
      ])('refused: %s', async (_name, headers, statuses) => {
        expect(statuses).toContain((await answer('/echo', headers as Record<string, string>)).status);
      });

      // the proxy may keep the client's connection
      if (kind !== 'a proxy') {
        test('the connection ends after a refusal', async () => {
          const { client } = await answer('/guarded');
          await client.end();
        });
      }
    });

    describe('bad handshakes', () => {
      const access = { target: () => target, answer, enter };
      withstands(access);
      if (kind === 'HTTP/1.1') withstandsOverHttp1(access);
    });

    describe('the end of a connection', () => {
      test('a client closes: it gets its code back, and the handler gets it too', async () => {
        const client = await entered();
        client.write(close(4001, 'bye'));
        expect((await client.closeFrame()).code).toBe(4001);
        expect(await seen.close(client.name)).toEqual({ code: 4001, reason: 'bye', clean: true });
        expect(await client.end()).toHaveLength(0);
      });

      test('the server closes', async () => {
        const client = await entered();
        client.write(text('close 4002 enough of that'));
        expect(await client.closeFrame()).toEqual({ code: 4002, reason: 'enough of that' });
        client.write(close(4002));
        expect(await seen.close(client.name)).toMatchObject({ code: 4002, clean: true });
        await client.end();
      });

      test('a client vanishes: 1006', async () => {
        const client = await entered();
        client.destroy();
        expect(await seen.close(client.name)).toEqual({ code: 1006, reason: '', clean: false });
      });

      test('a client vanishes in mid-message: 1006', async () => {
        const client = await entered();
        client.write(text('x'.repeat(1000)).subarray(0, 500));
        client.destroy();
        expect((await seen.close(client.name)).code).toBe(1006);
      });

      test('the server terminates: nothing more comes', async () => {
        const client = await entered();
        client.write(text('terminate'));
        expect(await client.end()).toHaveLength(0);
        expect((await seen.close(client.name)).code).toBe(1006);
      });

      test.each([
        [1002, 'a reserved bit', clientFrame({ opcode: TEXT, rsv: 2, payload: 'x' })],
        [1002, 'an unmasked frame', clientFrame({ opcode: TEXT, payload: 'x', mask: null })],
        [1002, 'a code that may not be sent', close(1006)],
        [1007, 'text that is no UTF-8', text(Buffer.from([0xc3, 0x28]))],
        [1009, 'a length beyond the limit', clientFrame({ opcode: BINARY, declared: 1n << 40n })],
      ])('code %i after %s', async (code, _name, bytes) => {
        const client = await entered();
        client.write(bytes);
        expect((await client.closeFrame()).code).toBe(code);
        // RFC 6455 7.1.5: no Close frame of the client has come
        expect(await seen.close(client.name)).toMatchObject({ code: 1006, clean: false });
        await client.end();
      });
    });

    test('fifty clients at once get fifty answers of their own', async () => {
      const all = await Promise.all(Array.from({ length: 50 }, () => entered()));
      all.forEach((client, index) => client.write(text(`close ${4100 + index}`)));
      const codes = await Promise.all(all.map((client) => client.closeFrame()));
      expect(codes.map(({ code }) => code)).toEqual(all.map((_, index) => 4100 + index));
      for (const client of all) client.write(close(1000));
      await Promise.all(all.map((client) => seen.close(client.name)));
      await until(
        () => ![...target.app.connections].some(({ query }) => all.some(({ name }) => name === query.get('name'))),
      );
    });

    test('app.close() closes with 1001, and waits for the answers of the clients', async () => {
      const own = await open();
      const { client } = await own.connect('/echo');
      client.write(text('here'));
      expect(await message(client)).toBe('here');
      const closing = own.app.close();
      expect(await client.closeFrame()).toEqual({ code: 1001, reason: 'going away' });
      client.write(close(1001));
      await closing;
      expect(own.app.connections.size).toBe(0);
      await own.close();
    });
  });
}

async function stop(target: Target): Promise<void> {
  const closing = target.app.close();
  for (const connection of target.app.connections) connection.terminate();
  await closing;
  await target.close();
}

/** The next whole message of the server; text as a string. */
async function message(client: RawClient<Duplex>): Promise<string | Buffer> {
  let frame = await client.frame();
  if (frame.opcode === CLOSE) throw new Error(`closed with ${frame.payload.readUInt16BE(0)}`);
  const isText = frame.opcode === TEXT;
  const parts = [frame.payload];
  while (!frame.fin) {
    frame = await client.frame();
    parts.push(frame.payload);
  }
  const whole = Buffer.concat(parts);
  return isText ? whole.toString() : whole;
}

/** One string over HTTP/1.1 and HTTP/2 alike. */
function cookies({ headers }: Pick<Answered, 'headers'>): string {
  return [headers['set-cookie'] as string | string[]].flat().join(', ');
}
