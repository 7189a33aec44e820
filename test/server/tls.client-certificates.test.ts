import { once } from 'node:events';
import { createSecureContext, type TLSSocket } from 'node:tls';
import type { Engine, TlsSettings } from '../../src/engine';
import { CA, NAMED, WILDCARD } from '../support/certificates';
import { RawClient } from '../support/raw-client';
import { dialTls, echoes, openSecure, secure } from '../support/tls-client';

const SERVERNAMES = { 'a.example.test': NAMED, '*.wild.example.test': WILDCARD };

describe('client certificates', () => {
  const asking = { requestCert: true, ca: CA, servernames: SERVERNAMES };
  const MINE = { key: NAMED.key, cert: NAMED.cert };

  test.each(['', 'a.example.test', 'x.wild.example.test'])(
    'who has one is let in, at each name: %j',
    async (servername) => {
      const engine = await secure(asking);
      await echoes(await openSecure(engine, { ...MINE, servername }));
    },
  );

  test.each(['', 'a.example.test'])('who has none is cut, at each name: %j', async (servername) => {
    const engine = await secure(asking);
    const client = RawClient.over(await dialTls(engine, { servername }));
    client.upgrade('/');
    await expect(client.answer()).rejects.toThrow('the server ended the connection');
    await echoes(await openSecure(engine, MINE));
  });

  test('those of an authority that a name alone trusts pass there alone', async () => {
    const servernames = { 'a.example.test': { ...NAMED, ca: CA } };
    const engine = await secure({ requestCert: true, ca: [], servernames });
    await echoes(await openSecure(engine, { ...MINE, servername: 'a.example.test' }));
    const client = RawClient.over(await dialTls(engine, MINE));
    client.upgrade('/');
    await expect(client.answer()).rejects.toThrow('the server ended the connection');
  });

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('sessions of %s', (maxVersion) => {
    async function sessionAt(engine: Engine, servername: string): Promise<Buffer> {
      const socket = await dialTls(engine, { ...MINE, maxVersion, servername });
      if (maxVersion === 'TLSv1.2') return socket.getSession()!;
      const [session] = (await once(socket, 'session')) as [Buffer];
      return session;
    }

    const resume = (engine: Engine, servername: string, session: Buffer): Promise<TLSSocket> =>
      dialTls(engine, { maxVersion, servername, session });

    /** A client that is let in without a certificate, if by nothing else than what an earlier one proved. */
    function isLetIn(dialing: Promise<TLSSocket>): Promise<boolean> {
      const entering = dialing.then((socket) => {
        const client = RawClient.over(socket);
        client.upgrade('/');
        return client.answer();
      });
      // with TLS 1.3 a client hears of it behind its own handshake
      return entering.then(
        ({ status }) => status === 101,
        () => false,
      );
    }

    test('are resumed', async () => {
      const engine = await secure({ requestCert: true, ca: CA });
      const socket = await resume(engine, '', await sessionAt(engine, ''));
      expect(socket.isSessionReused()).toBe(true);
      expect(await isLetIn(Promise.resolve(socket))).toBe(true);
    });

    test('that one name let in are none of another, which trusts another authority', async () => {
      const servernames = { 'a.example.test': { ...NAMED, ca: CA }, 'b.example.test': WILDCARD };
      const engine = await secure({ requestCert: true, ca: [], servernames });
      const session = await sessionAt(engine, 'a.example.test');
      for (const servername of ['', 'b.example.test']) {
        expect(await isLetIn(resume(engine, servername, session))).toBe(false);
      }
    });

    test('that an SNICallback let in are none of another name', async () => {
      const trusting = createSecureContext({ ...NAMED, ca: CA });
      const SNICallback: TlsSettings['SNICallback'] = (name, found) =>
        found(null, name === 'a.example.test' ? trusting : undefined);
      const engine = await secure({ requestCert: true, ca: [], SNICallback });
      expect(await isLetIn(resume(engine, '', await sessionAt(engine, 'a.example.test')))).toBe(false);
    });

    test('end with the authority that they were let in by', async () => {
      const engine = await secure({ requestCert: true, ca: CA });
      const session = await sessionAt(engine, '');
      engine.updateTls({ ca: [] });
      expect(await isLetIn(resume(engine, '', session))).toBe(false);
    });
  });

  test('rejectUnauthorized: false leaves it to the application', async () => {
    const engine = await secure({ ...asking, rejectUnauthorized: false });
    await echoes(await openSecure(engine, { servername: 'a.example.test' }));
  });
});
