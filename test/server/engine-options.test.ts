import { Engine } from '../../src/engine';
import { ENGINE_OPTIONS } from '../../src/server/engine-options';
import { checkOptions } from '../../src/connection/option-table';

const made = (options: object) => () => new Engine(options);
const added = (endpoint: object) => () => new Engine().add({ path: '/', ...endpoint });

test.each<[object, string]>([
  [{ prot: 80 }, 'there is no option "prot"'],
  [{ port: '80' }, 'port must be a whole number from 0 to 65535, not 80 (a string)'],
  [
    { origins: 'example.com' },
    "origins must be '*', a list such as ['https://app.example.com'], or a function, not \"example.com\"",
  ],
  [
    { origins: [undefined] },
    "origins[0] must be an origin such as 'https://app.example.com', or a RegExp, not undefined",
  ],
  [{ origins: [new URL('http://a.example')] }, 'not a URL'],
  [{ origins: ['https://a.example', ['https://b.example']] }, 'origins[1] must be an origin'],
  [{ origins: [80] }, 'origins[0] must be an origin'],
  [{ origins: [null] }, 'origins[0] must be an origin'],
  [{ limits: '1mb' }, 'limits must be an object, not "1mb"'],
  [{ limits: null }, 'limits must be an object, not null'],
  [{ limits: { maxMessageBytes: '1mb' } }, 'limits.maxMessageBytes must be a whole number'],
  [{ limits: { maxMessageBytes: NaN } }, 'limits.maxMessageBytes must be a whole number'],
  [{ limits: { maxMessageBytes: -1 } }, 'limits.maxMessageBytes must be a whole number'],
  [{ limits: { maxMessageBytes: Infinity } }, 'limits.maxMessageBytes must be a whole number'],
  [{ limits: { maxMesageBytes: 1 } }, 'limits.maxMesageBytes is no limit'],
  [{ compression: 'yes' }, 'compression must be true, false or an object such as { threshold: 1024 }, not "yes"'],
  [{ compression: null }, 'compression must be true, false or an object such as { threshold: 1024 }, not null'],
  [{ compression: { treshold: 1 } }, 'compression.treshold is no setting'],
  [{ heartbeat: true }, 'heartbeat must be an object such as { intervalMs: … }, not true'],
  [{ heartbeat: { interval: 5 } }, 'there is no option "interval" in heartbeat'],
  [{ heartbeat: { intervalMs: 0 } }, 'heartbeat.intervalMs must be a whole number of milliseconds from 1 on'],
  [{ heartbeat: { timeoutMs: -5 } }, 'heartbeat.timeoutMs must be a whole number of milliseconds from 1 on'],
  [
    { shutdown: { deadline: 5 } },
    'there is no option "deadline" in shutdown; there are deadlineMs. Did you mean deadlineMs?',
  ],
  [{ shutdown: { deadlineMs: '5s' } }, 'shutdown.deadlineMs must be a whole number of milliseconds'],
  [{ health: '/healthz' }, 'health must be true or false, not "/healthz"'],
  [{ trustedProxies: '10.0.0.0/8' }, 'trustedProxies must be an array'],
  [{ request: {} }, 'request must be a function'],
  [{ clock: {} }, 'clock must be an object with the methods now and after'],
  [{ tls: true }, 'tls must be an object, not true'],
  [{ tls: { requestCerts: true } }, 'there is no option "requestCerts" in tls. Did you mean requestCert?'],
  [{ tls: { ALPNProtocols: ['h2'] } }, "tls.ALPNProtocols is Portal's to say"],
  [{ observer: { onError() {} } }, 'there is no option "onError" in observer; there are arrived,'],
  [{ observer: { openned() {} } }, 'Did you mean opened?'],
  [{ observer: { opened: true } }, 'observer.opened must be a function, not true'],
  [
    {
      observer: new (class Watch {
        onError() {}
      })(),
    },
    'observer must be an observer, with one of arrived,',
  ],
])('%j is no option of an engine', (options, message) => {
  expect(made(options)).toThrow(message);
});

test('what Node may know of TLS and we do not is left to it', () => {
  expect(() => checkOptions({ tls: { somethingOfNode99: true, key: 'k', cert: 'c' } }, ENGINE_OPTIONS)).not.toThrow();
});

test('an instance of a class may have more than reports, and an object state beside them', () => {
  class Metrics {
    count = 0;
    opened(): void {
      this.add();
    }
    private add(): void {
      this.count++;
    }
  }
  expect(made({ observer: new Metrics() })).not.toThrow();
  expect(made({ observer: { count: 0, opened() {} } })).not.toThrow();
});

test.each<[object, string]>([
  [{ txt: () => {} }, 'there is no option "txt"'],
  [{ text: 'hello' }, 'text must be a function, not "hello"'],
  [{ protocols: 'abc' }, 'protocols must be an array, not "abc"'],
  [{ protocols: ['a b'] }, 'protocols[0] must be a subprotocol'],
  [{ concurrency: 0 }, 'concurrency must be a whole number of messages from 1 on, not 0'],
  [{ concurrency: '2' }, 'concurrency must be a whole number of messages from 1 on, not 2 (a string)'],
  [{ limits: [] }, 'limits must be an object, not an array'],
])('%j is nothing of an endpoint', (endpoint, message) => {
  expect(added(endpoint)).toThrow(message);
});

test.each<[unknown, string]>([
  [8080, 'the place to listen at must be an object such as { port: … }, not 8080'],
  [{ prot: 0 }, 'there is no option "prot" in the place to listen at'],
  [{ port: '80' }, 'the place to listen at.port must be a whole number'],
  [{ port: 0, tls: {} }, 'the place to listen at.tls must be false, or left out'],
])('%j is no place to listen at', async (place, message) => {
  await expect(new Engine().listen(place as never)).rejects.toThrow(message);
});
