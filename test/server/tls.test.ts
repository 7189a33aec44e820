import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import tls, { createSecureContext, type ConnectionOptions, type SecureContext } from 'node:tls';
import { Engine, type TlsSettings } from '../../src/engine';
import { CA, LOCALHOST, NAMED, RSA, WILDCARD } from '../support/certificates';
import { echo, startEngine } from '../support/engine';
import { RawClient } from '../support/raw-client';
import { dialTls, echoes, nameShown, openSecure, secure } from '../support/tls-client';

const SERVERNAMES = { 'a.example.test': NAMED, '*.wild.example.test': WILDCARD };

describe('one port serves several names', () => {
  test.each([
    ['', 'localhost'],
    ['localhost', 'localhost'],
    ['a.example.test', 'a.example.test'],
    ['A.Example.TEST', 'a.example.test'],
    ['b.example.test', 'localhost'],
    ['x.wild.example.test', '*.wild.example.test'],
    ['X.WILD.example.test', '*.wild.example.test'],
    ['x.y.wild.example.test', 'localhost'],
    ['wild.example.test', 'localhost'],
    ['constructor', 'localhost'],
    ['__proto__', 'localhost'],
  ])('who asks for %j gets the certificate of %s', async (servername, name) => {
    const engine = await secure({ servernames: SERVERNAMES });
    expect(await nameShown(engine, servername)).toBe(name);
  });

  test('a name of its own goes before an asterisk, however they are written', async () => {
    const servernames = { '*.Wild.example.test': WILDCARD, 'X.wild.example.TEST': NAMED };
    const engine = await secure({ servernames });
    expect(await nameShown(engine, 'x.wild.example.test')).toBe('a.example.test');
    expect(await nameShown(engine, 'y.wild.example.test')).toBe('*.wild.example.test');
  });

  test('WebSockets and all else are the same for each of them', async () => {
    const engine = await secure({ servernames: SERVERNAMES });
    for (const servername of ['', 'a.example.test', 'x.wild.example.test'])
      await echoes(await openSecure(engine, { servername }));
  });
});

describe('what cannot be used is a TypeError that says where', () => {
  const NOT_A_KEY = 'not a key';
  const BROKEN = LOCALHOST.cert.replace(/[A-Za-z]{8}/g, 'AAAAAAAA');

  test.each<[string, TlsSettings, RegExp]>([
    ['no key', { cert: LOCALHOST.cert }, /^tls needs a key and a cert \(or a pfx\)$/],
    ['no certificate', { key: LOCALHOST.key }, /^tls needs a key and a cert \(or a pfx\)$/],
    ['neither', {}, /^tls needs a key and a cert \(or a pfx\)$/],
    // as from a variable of the environment that is not set
    ['an empty key', { ...LOCALHOST, key: '' }, /^tls needs a key and a cert \(or a pfx\)$/],
    ['an empty certificate', { ...LOCALHOST, cert: Buffer.alloc(0) }, /^tls needs a key and a cert \(or a pfx\)$/],
    ['no key among none', { ...LOCALHOST, key: [] }, /^tls needs a key and a cert \(or a pfx\)$/],
    ['a broken key', { ...LOCALHOST, key: NOT_A_KEY }, /^tls: the key and certificate cannot be used: ./],
    ['a broken certificate', { ...LOCALHOST, cert: BROKEN }, /^tls: the key and certificate cannot be used: ./],
    [
      'the key of another',
      { ...LOCALHOST, key: NAMED.key },
      /^tls: the key and certificate cannot be used: .*mismatch/,
    ],
    ['a broken pfx', { pfx: 'x' }, /^tls: the key and certificate cannot be used: ./],
    [
      'a servername without a key',
      { ...LOCALHOST, servernames: { 'a.example.test': { cert: NAMED.cert } } },
      /^tls\.servernames\["a\.example\.test"\] needs a key and a cert/,
    ],
    [
      'a servername with an empty certificate',
      { ...LOCALHOST, servernames: { 'a.example.test': { key: NAMED.key, cert: '' } } },
      /^tls\.servernames\["a\.example\.test"\] needs a key and a cert/,
    ],
    [
      'a servername with the key of another',
      { ...LOCALHOST, servernames: { ...SERVERNAMES, 'b.example.test': { ...NAMED, key: LOCALHOST.key } } },
      /^tls\.servernames\["b\.example\.test"\]: the key and certificate cannot be used: .*mismatch/,
    ],
    [
      'a servername that is a URL',
      { ...LOCALHOST, servernames: { 'https://a.example.test': NAMED } },
      /^tls\.servernames\["https:\/\/a\.example\.test"\]: that is no host name/,
    ],
    [
      'an asterisk inside a name',
      { ...LOCALHOST, servernames: { 'a.*.example.test': NAMED } },
      /^tls\.servernames\["a\.\*\.example\.test"\]: that is no host name/,
    ],
    [
      'a servername with a key of another kind than the default',
      { ...LOCALHOST, servernames: { ...SERVERNAMES, 'rsa.example.test': RSA } },
      /^tls\.servernames\["rsa\.example\.test"\] has a key of the kind rsa, and tls one of the kind ec: /,
    ],
    [
      'a default of another kind than its servernames',
      { ...RSA, servernames: { 'a.example.test': NAMED } },
      /^tls\.servernames\["a\.example\.test"\] has a key of the kind ec, and tls one of the kind rsa: /,
    ],
    [
      'the same, as bytes',
      { ...LOCALHOST, servernames: { 'rsa.example.test': { ...RSA, key: Buffer.from(RSA.key) } } },
      /has a key of the kind rsa/,
    ],
    ['an asterisk alone', { ...LOCALHOST, servernames: { '*': NAMED } }, /that is no host name/],
    ['a name that is not in ASCII', { ...LOCALHOST, servernames: { 'bücher.example': NAMED } }, /that is no host name/],
  ])('%s', async (_what, settings, message) => {
    expect(() => new Engine({ tls: settings })).toThrow(TypeError);
    expect(() => new Engine({ tls: settings })).toThrow(message);

    const engine = await secure({ servernames: SERVERNAMES });
    const update = { key: undefined, cert: undefined, ...settings } as TlsSettings;
    expect(() => engine.updateTls(update)).toThrow(message);
    const shown = ['', 'a.example.test', 'b.example.test'].map((servername) => nameShown(engine, servername));
    expect(await Promise.all(shown)).toEqual(['localhost', 'a.example.test', 'localhost']);
  });

  test('the cause is what Node says of it', () => {
    const cause: unknown = expect.objectContaining({ code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' });
    expect(() => new Engine({ tls: { ...LOCALHOST, key: NAMED.key } })).toThrow(
      expect.objectContaining({ cause }) as Error,
    );
  });
});

describe('updateTls', () => {
  test('replaces what the default is, and what a name has, for connections that come later', async () => {
    const engine = await secure({ servernames: SERVERNAMES });
    engine.updateTls(NAMED);
    expect(await nameShown(engine)).toBe('a.example.test');
    expect(await nameShown(engine, 'x.wild.example.test')).toBe('*.wild.example.test');
    engine.updateTls({ servernames: { 'a.example.test': LOCALHOST, 'b.example.test': WILDCARD } });
    expect(await nameShown(engine, 'a.example.test')).toBe('localhost');
    expect(await nameShown(engine, 'b.example.test')).toBe('*.wild.example.test');
    // a name that was not given stays, and so does the default
    expect(await nameShown(engine, 'x.wild.example.test')).toBe('*.wild.example.test');
    expect(await nameShown(engine)).toBe('a.example.test');
  });

  test('open connections go on', async () => {
    const engine = await secure({ servernames: SERVERNAMES });
    const clients = await Promise.all([openSecure(engine), openSecure(engine, { servername: 'a.example.test' })]);
    engine.updateTls({ ...WILDCARD, servernames: { 'a.example.test': WILDCARD } });
    for (const client of clients) await echoes(client);
    expect(await nameShown(engine)).toBe('*.wild.example.test');
  });

  test('a certificate that was renewed for the same key needs no other', async () => {
    const engine = await secure();
    engine.updateTls({ cert: LOCALHOST.cert + CA });
    const socket = await dialTls(engine);
    expect(socket.getPeerCertificate(true).issuerCertificate.subject.CN).toBe('Portal test CA');
  });

  test('reaches all listeners, and those that are opened after it', async () => {
    const engine = await secure();
    await engine.listen({ port: 0, host: '::1' });
    engine.updateTls(NAMED);
    await engine.close();
    await engine.listen();
    expect(await nameShown(engine)).toBe('a.example.test');
  });

  test('one that failed is forgotten: those after it, and new listeners, build on what there was', async () => {
    const engine = await secure();
    expect(() => engine.updateTls({ key: NAMED.key })).toThrow(TypeError);
    engine.updateTls({ servernames: SERVERNAMES });
    expect(await nameShown(engine, 'a.example.test')).toBe('a.example.test');
    await engine.close();
    await engine.listen();
    expect(await nameShown(engine)).toBe('localhost');
  });

  test('without TLS there is nothing to replace', async () => {
    const engine = await startEngine([echo]);
    expect(() => engine.updateTls(LOCALHOST)).toThrow('there is no TLS to update: set the option tls');
  });
});

describe('an SNICallback', () => {
  type SniCallback = NonNullable<TlsSettings['SNICallback']>;

  function reporting(SNICallback: SniCallback, servernames = {}): { failures: unknown[][]; engine: Promise<Engine> } {
    const failures: unknown[][] = [];
    const observer = { failed: (...failure: unknown[]) => void failures.push(failure.slice(0, 2)) };
    const limits = { handshakeTimeoutMs: 1_000 };
    return { failures, engine: secure({ SNICallback, servernames }, { observer, limits }) };
  }

  test('chooses for names that have no certificate of their own', async () => {
    const asked: string[] = [];
    const { engine, failures } = reporting((servername, found) => {
      asked.push(servername);
      found(null, servername === 'c.example.test' ? createSecureContext(WILDCARD) : undefined);
    }, SERVERNAMES);
    expect(await nameShown(await engine, 'c.example.test')).toBe('*.wild.example.test');
    expect(await nameShown(await engine, 'd.example.test')).toBe('localhost');
    expect(await nameShown(await engine, 'a.example.test')).toBe('a.example.test');
    expect(asked).toEqual(['c.example.test', 'd.example.test']);
    expect(failures).toEqual([]);
  });

  const ERROR = new Error('no such name');

  test.each<[string, SniCallback, number]>([
    [
      'that throws',
      () => {
        throw ERROR;
      },
      1,
    ],
    ['that calls back with an error', (_name, found) => found(ERROR), 1],
    ['that does so later', (_name, found) => void setImmediate(found, ERROR), 1],
    ['that is asynchronous and throws', async () => Promise.reject(ERROR), 1],
    [
      'that throws what is no error',
      () => {
        throw 'no such name';
      },
      1,
    ],
    [
      'that calls back with an error and throws',
      (_name, found) => {
        found(ERROR);
        throw ERROR;
      },
      2,
    ],
    ['that brings something else', (_name, found) => found(null, {} as SecureContext), 0],
    ['that never calls back', () => {}, 0],
  ])('%s ends one handshake, and is reported', async (_what, callback, reports) => {
    const { engine, failures } = reporting((servername, found) =>
      servername === 'localhost' ? found(null) : callback(servername, found),
    );
    const established = await openSecure(await engine);
    await expect(dialTls(await engine, { servername: 'bad.example.test' })).rejects.toThrow();
    await echoes(established);
    await echoes(await openSecure(await engine, { servername: 'localhost' }));
    expect(failures.map(([error, what]) => [String(error).replace('Error: ', ''), what])).toEqual(
      Array(reports).fill(['no such name', 'tls.SNICallback']),
    );
  });

  test('that throws once it has answered does not undo its answer', async () => {
    const { engine, failures } = reporting((_name, found) => {
      found(null, createSecureContext(WILDCARD));
      throw ERROR;
    });
    expect(await nameShown(await engine, 'c.example.test')).toBe('*.wild.example.test');
    expect(failures).toEqual([[ERROR, 'tls.SNICallback']]);
  });

  test('that answers twice has answered', async () => {
    const { engine, failures } = reporting((_name, found) => {
      found(null, createSecureContext(WILDCARD));
      found(null, createSecureContext(NAMED));
    });
    expect(await nameShown(await engine, 'c.example.test')).toBe('*.wild.example.test');
    expect(failures).toEqual([]);
  });

  test('can be replaced', async () => {
    const { engine } = reporting((_name, found) => found(ERROR));
    (await engine).updateTls({ SNICallback: (_name, found) => found(null, createSecureContext(NAMED)) });
    expect(await nameShown(await engine, 'c.example.test')).toBe('a.example.test');
  });
});

describe('versions of TLS', () => {
  const OLD: ConnectionOptions = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  const ciphers = 'DEFAULT@SECLEVEL=0';
  const { DEFAULT_MIN_VERSION } = tls;

  afterEach(() => {
    tls.DEFAULT_MIN_VERSION = DEFAULT_MIN_VERSION;
  });

  test.each([
    ['the default', ''],
    ['a name of its own', 'a.example.test'],
  ])('1.2 is the least, whatever the process allows otherwise: %s', async (_what, servername) => {
    tls.DEFAULT_MIN_VERSION = 'TLSv1';
    const engine = await secure({ ciphers, servernames: SERVERNAMES });
    await expect(dialTls(engine, { ...OLD, servername })).rejects.toThrow(/version/);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await dialTls(engine, { minVersion: version, maxVersion: version, servername });
      expect(socket.getProtocol()).toBe(version);
    }
  });

  test('1.2 is the least after updateTls too', async () => {
    tls.DEFAULT_MIN_VERSION = 'TLSv1';
    const engine = await secure({ ciphers });
    engine.updateTls(NAMED);
    await expect(dialTls(engine, OLD)).rejects.toThrow(/version/);
  });

  test('minVersion says otherwise', async () => {
    const engine = await secure({ ciphers, minVersion: 'TLSv1.1' });
    expect((await dialTls(engine, OLD)).getProtocol()).toBe('TLSv1.1');
    const strict = await secure({ minVersion: 'TLSv1.3' });
    await expect(dialTls(strict, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/version/);
  });

  test('so does secureProtocol, which Node takes in its place', async () => {
    const engine = await secure({ secureProtocol: 'TLSv1_2_method', servernames: SERVERNAMES });
    for (const servername of ['', 'a.example.test']) {
      expect((await dialTls(engine, { servername })).getProtocol()).toBe('TLSv1.2');
    }
  });
});

describe('ALPN (RFC 7301)', () => {
  const agreed = async (engine: Engine, ALPNProtocols: string[]): Promise<string | false | null> =>
    (await dialTls(engine, { ALPNProtocols })).alpnProtocol;

  test('HTTP/2 before HTTP/1.1, whatever the client prefers', async () => {
    const engine = await secure();
    expect(await agreed(engine, ['http/1.1', 'h2'])).toBe('h2');
    expect(await agreed(engine, ['http/1.1'])).toBe('http/1.1');
    expect(await agreed(engine, ['x', 'http/1.1'])).toBe('http/1.1');
  });

  test('HTTP/1.1 alone where HTTP/2 is off', async () => {
    const engine = await secure({}, { http2: false });
    expect(await agreed(engine, ['h2', 'http/1.1'])).toBe('http/1.1');
    await expect(agreed(engine, ['h2'])).rejects.toThrow(/application.protocol/i);
    await echoes(await openSecure(engine));
  });

  test.each([true, false])('who asks for none gets HTTP/1.1 (http2: %s)', async (http2) => {
    const engine = await secure({}, { http2 });
    const client = await openSecure(engine);
    expect(client.socket.alpnProtocol).toBe(false);
    await echoes(client);
  });

  test('who asks for neither is refused (section 3.2)', async () => {
    const engine = await secure();
    await expect(agreed(engine, ['acme-tls/1', 'spdy/3'])).rejects.toThrow(/application.protocol/i);
    await echoes(await openSecure(engine));
  });
});

describe('who speaks no TLS', () => {
  test.each([
    ['plain HTTP', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['plain HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['zeros', Buffer.alloc(100)],
    ['a record that is too long', Buffer.from('160301ffff01', 'hex')],
    ['a ClientHello that breaks off', Buffer.from('16030100050100000100', 'hex')],
  ])('ends its own connection, and no other: %s', async (_what, bytes) => {
    const engine = await secure();
    const established = await openSecure(engine);
    const socket = connectTcp({ host: '127.0.0.1', port: engine.port });
    socket.on('error', () => {}).resume();
    socket.write(bytes);
    await once(socket, 'close');
    await echoes(established);
    await echoes(await openSecure(engine));
  });

  test('a plain client of Node gets an error and no answer', async () => {
    const engine = await secure();
    const client = await RawClient.connect(engine.url);
    client.upgrade('/');
    await expect(client.answer()).rejects.toThrow('the server ended the connection');
  });
});

test('a pfx takes the place of key and cert, and they of it', async () => {
  // made with `openssl pkcs12 -export`, passphrase "secret", from NAMED
  const engine = await secure({ key: undefined, cert: undefined, pfx: PFX, passphrase: 'secret' });
  expect(await nameShown(engine)).toBe('a.example.test');
  engine.updateTls(LOCALHOST);
  expect(await nameShown(engine)).toBe('localhost');
  engine.updateTls({ pfx: PFX, passphrase: 'secret' });
  expect(await nameShown(engine)).toBe('a.example.test');
});

const PFX = Buffer.from(
  `
MIIELAIBAzCCA+IGCSqGSIb3DQEHAaCCA9MEggPPMIIDyzCCAoIGCSqGSIb3DQEHBqCCAnMwggJvAgEAMIICaAYJKoZIhvcNAQcBMFcGCSqGSIb3DQEFDTBK
MCkGCSqGSIb3DQEFDDAcBAj8xhGHdlz7oQICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKvgMAJp3C6KXknwdtB6JxaAggIAf1OYh9yL6hovY49b
vg2MdzRNsy28MnUWxgTcGwt/lrd3qm3kwrc7sJNBVyPAeMNot+6TjP7xGxef0Z101PSBOMTvP9/LJo++k4KuGSAiu4klKIVQ8Bmy6FYMJbvBDR3EIGSyrcPc
5hDPKgUneVvge8i1UKwHz7MfhJXyEbN/7TchknPd3t6vCvvc5x1Dcq0L3S1ChxWgKf1QilZ9R5qxJupsf+TLX0mvt7c80E5/sK+RPAvfj/Jd5DhesXPLA+nC
dF+aK1UEAMDXTdgPs3kyDWA5rHtRzQSspeHke1FcFhi3bfXfx0f0R0YtB62OnXNtw4etPwpRDgegWL1E8lm+Q4thcRtcqUoxDvqI0jPpK/g236/eQccBZXVI
l2+v5M66USM4NWdQMix37k+ITLL/PvhwvH4uO7JY9I9uSMs3yRkeeOWpyC++lO+qpNVdsuELJKUuY8vM3R6Xi1+34AL47fiRzpEgKNyHj+3xdwUJ4rLXdnuR
sKQClyJ27p7NmeJ9lj6lZu6Xp8NuZRf/oV9Xx7QSDEmVKqUP3I1Cqgg60GNrQIt2iBX7c8t9bbyobmKpgq5K4vHbFnjP8w3avi3NwaR5wZcKXL5AfOrq1s+0
nubcaJcmomVbbhTFxoOcpr8UIdWc/axle1pOiraUq7XamoLrGuQXljSYVWzI2MCuPIMwggFBBgkqhkiG9w0BBwGgggEyBIIBLjCCASowggEmBgsqhkiG9w0B
DAoBAqCB7zCB7DBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIRw1K9LWUeIsCAggAMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBAZVvnnbz0G
mo1H0ZWA06/3BIGQYx2wTkEjqyf3T4tsQdGKnpcEwu6OFJ8SA4uwrZ9esaTWjBv+aYjhtikuDZ3qeaKEAhUBabKj3N7a/02v6Y2buFCsjlkFCJsl0opgv/D4
Lj1RvY/eTnN8rK8nh7oWPfdweZveZox6Zw6fb8vLejdY1WTXJbn6tEZYqN3gcCul6FhEbTzwWt4EJyK682tGvc/vMSUwIwYJKoZIhvcNAQkVMRYEFIyJFodK
YAo+azlL7E5DUxXIOTraMEEwMTANBglghkgBZQMEAgEFAAQg/NGjFJVkVHCqEYBhZJTkQw8Nx52dTPlwfXht4Gv6q1cECNi60q6+LPKpAgIIAA==
`,
  'base64',
);
