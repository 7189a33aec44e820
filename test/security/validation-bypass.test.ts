import 'reflect-metadata';
import { encode } from '@msgpack/msgpack';
import { Type } from 'class-transformer';
import {
  Allow,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
  registerDecorator,
  ValidateNested,
} from 'class-validator';
import { BootError, MessagePackCodec, OnMessage, WebSocketPath, type Codec, type Envelope } from '../../src';
import { JsonCodec } from '../../src/engine';
import { createTestApp, type TestApp, type TestClient } from '../../src/testing';
import { MemoryLogger, moduleOf } from '../support/app';

/** A flat class, like those of the reports. */
class Post {
  @IsString()
  @Length(10, 20)
  title!: string;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(10)
  rating?: number;
}

class Settings {
  @IsOptional()
  @IsInt()
  size?: number;
}

/** All fields of the nested class are optional, so an empty array breaks none of its rules. */
class Game {
  @ValidateNested()
  @Type(() => Settings)
  settings!: Settings;
}

class Games {
  @ValidateNested({ each: true })
  @Type(() => Settings)
  list!: Settings[];
}

class Collections {
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Settings)
  set?: Set<Settings>;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Settings)
  map?: Map<string, Settings>;
}

/** A nested class without `@Type`. */
class Untyped {
  @ValidateNested()
  settings!: Settings;
}

class Anything {
  @Allow()
  meta: unknown;
}

class Photo {
  @IsString()
  file!: string;
}

class Landscape extends Photo {
  @IsInt()
  width!: number;
}

class Album {
  @ValidateNested()
  @Type(() => Photo, {
    discriminator: { property: 'kind', subTypes: [{ name: 'landscape', value: Landscape }] },
  })
  cover!: Photo;
}

class Account {
  name!: string;
}
registerDecorator({
  target: Account,
  propertyName: 'name',
  async: true,
  validator: { validate: (name) => Promise.resolve(name !== 'taken') },
});

const reached: unknown[] = [];

@WebSocketPath('/json')
class Events {
  @OnMessage('post')
  post(body: Post): void {
    reached.push(body);
  }

  @OnMessage('game')
  game(body: Game): void {
    reached.push(body);
  }

  @OnMessage('games')
  games(body: Games): void {
    reached.push(body);
  }

  @OnMessage('collections')
  collections(body: Collections): void {
    reached.push(body);
  }

  @OnMessage('anything')
  anything(body: Anything): void {
    reached.push(body);
  }

  @OnMessage('album')
  album(body: Album): void {
    reached.push(body);
  }

  @OnMessage('account')
  account(body: Account): void {
    reached.push(body);
  }

  @OnMessage('alive')
  alive(): string {
    return 'alive';
  }
}

@WebSocketPath('/pack', { codec: new MessagePackCodec() })
class Packed extends Events {}

@WebSocketPath('/plain')
class Plain {
  @OnMessage()
  post(body: Post): string {
    reached.push(body);
    return 'accepted';
  }
}

const INVALID = 'validation_failed';
const MALFORMED = 'malformed_message';

/** Name and source, event, data as JSON, code of the error reply, and the first issue where others would refuse it too. */
type Payload = [name: string, event: string, json: string, code: string, issue?: object];

/** Issues that Portal finds itself, before class-transformer and class-validator see the value. */
const unfit = (path: string): object => ({ path, constraints: { whitelistValidation: expect.any(String) as string } });
const NO_OBJECT = { path: '', constraints: { isObject: 'data must be an object' } };

const validator = (issue: number): string => `class-validator#${issue}`;
const transformer = (issue: number): string => `class-transformer#${issue}`;

const PAYLOADS: Payload[] = [
  ['CVE-2019-18413, the proof of class-validator#438', 'post', '{"title":1233,"__proto__":{}}', MALFORMED],
  ['CVE-2019-18413, in a nested object', 'game', '{"settings":{"size":"x","__proto__":{}}}', MALFORMED],
  [
    'CVE-2019-18413, by routing-controllers#518',
    'post',
    '{"title":1233,"constructor":{}}',
    INVALID,
    unfit('constructor'),
  ],
  ['… with a constructor that is no object', 'post', '{"title":1233,"constructor":1}', INVALID, unfit('constructor')],
  ['… beside what is valid', 'post', '{"title":"hello world","constructor":1}', INVALID, unfit('constructor')],
  [
    '… in a nested object',
    'game',
    '{"settings":{"size":"x","constructor":{"name":"Settings"}}}',
    INVALID,
    unfit('settings.constructor'),
  ],
  ['… in an array', 'games', '{"list":[{"size":"x","constructor":false}]}', INVALID, unfit('list.0.constructor')],
  ['CVE-2020-7637, the proof of class-transformer#340', 'post', '{"__proto__":{"hjw":"jhu"}}', MALFORMED],
  ['CVE-2020-7637, where everything is allowed', 'anything', '{"meta":{"__proto__":{"hjw":"jhu"}}}', MALFORMED],
  [
    '418sec/huntr#729, past the repair of CVE-2020-7637',
    'post',
    '{"title":"hi","prototype":{"status":"pwned"}}',
    INVALID,
    unfit('prototype'),
  ],
  [
    '… where everything is allowed',
    'anything',
    '{"meta":[{"prototype":{"status":"pwned"}}]}',
    INVALID,
    unfit('meta.0.prototype'),
  ],
  ['nestjs/nest#16050', 'post', '{"title":"hello world","constructor":{"prototype":{"hjw":1}}}', MALFORMED],
  ['… where everything is allowed', 'anything', '{"meta":{"a":{"constructor":{"prototype":{"hjw":1}}}}}', MALFORMED],
  ['nestjs/nest#2874, an array for an object', 'post', '[{"rating":11}]', INVALID, NO_OBJECT],
  ['… with valid elements', 'post', '[{"title":"hello world"}]', INVALID, NO_OBJECT],
  ['routing-controllers#371, an array of texts', 'post', '["blahblah"]', INVALID, NO_OBJECT],
  [`${validator(810)}, an array for a nested object`, 'game', '{"settings":[{"size":1}]}', INVALID],
  [`${validator(2480)}, an empty array for a nested object`, 'game', '{"settings":[]}', INVALID],
  [`${validator(2264)}, an empty array in an array`, 'games', '{"list":[[]]}', INVALID],
  [`${validator(1399)}, arrays in arrays`, 'games', '{"list":[{"size":0},[[{"size":1}]]]}', INVALID],
  [`${validator(1597)}, arrays of nothing`, 'games', '{"list":[[[]]]}', INVALID],
  [`${validator(83)}, null for a nested object`, 'game', '{"settings":null}', INVALID],
  [`${validator(137)}, a primitive for a nested object`, 'game', '{"settings":1}', INVALID],
  [`${validator(431)}, primitives for nested objects`, 'games', '{"list":[1,"x",true]}', INVALID],
  ['CWE-843, an object for an array', 'games', '{"list":{"size":1}}', INVALID],
  ['CWE-843, an array for a Map', 'collections', '{"map":[]}', INVALID],
  ['CWE-843, an object for a Set', 'collections', '{"set":{"size":1}}', INVALID],
  ['CWE-843, an array in a Map', 'collections', '{"map":{"a":[]}}', INVALID],
  ['… whose key is __proto__', 'collections', '{"map":{"__proto__":{"size":"x"}}}', MALFORMED],
  [
    'array bomb, class-transformer prevent-array-bomb.spec',
    'anything',
    '{"meta":{"100000000":1,"__proto__":[]}}',
    MALFORMED,
  ],
  ['… as the body', 'post', '{"100000000":1,"__proto__":[]}', MALFORMED],
  ['… with a length in place of a prototype', 'games', '{"list":{"100000000":1,"length":4294967295}}', INVALID],
  [
    `${transformer(1762)}, a discriminator of no class`,
    'album',
    '{"cover":{"kind":"none","file":"f","width":"x"}}',
    INVALID,
  ],
  ['… of every object', 'album', '{"cover":{"kind":"constructor","file":1}}', INVALID],
  ['… that is none', 'album', '{"cover":{"kind":{"name":"landscape"},"file":1}}', INVALID],
  ['… and a list of covers', 'album', '{"cover":[{"kind":"landscape","file":"f","width":1}]}', INVALID],
  ['CWE-943, an operator of MongoDB for a text (globocom/secDevLabs#412)', 'post', '{"title":{"$ne":""}}', INVALID],
  ['CWE-915, a property too many', 'post', '{"title":"hello world","isAdmin":true}', INVALID],
  ['… in a nested object', 'game', '{"settings":{"size":1,"isAdmin":true}}', INVALID],
  [`${validator(22)}, an asynchronous validator left out`, 'account', '{"name":"taken"}', INVALID],
];

let app: TestApp;
let log: MemoryLogger;
let prototypes: string;

/** The names on prototypes that a message could reach. */
function ownNames(): string {
  const names = [Object, Array, Function, String, Map, Set, Post, Settings, Photo].map(({ prototype }) =>
    Reflect.ownKeys(prototype as object).map(String),
  );
  return JSON.stringify([names, Reflect.ownKeys(Post), ({} as { hjw?: unknown }).hjw]);
}

beforeEach(async () => {
  reached.length = 0;
  log = new MemoryLogger();
  app = await createTestApp(moduleOf([Events, Packed, Plain]), { logger: log });
  prototypes = ownNames();
});

afterEach(async () => {
  await app.close();
  expect(reached).toEqual([]);
  expect(ownNames()).toBe(prototypes);
  expect(log.lines).toEqual([]);
});

const CODECS: [string, string, Codec][] = [
  ['JSON', '/json', new JsonCodec()],
  ['MessagePack', '/pack', new MessagePackCodec()],
];

describe.each(CODECS)('%s', (_name, path, codec) => {
  async function expectRefused(client: TestClient, message: string | Uint8Array, expected: Envelope): Promise<void> {
    client.send(message);
    expect(codec.decode(await client.receive())).toMatchObject(expected);
    // the connection goes on, and so does the process
    expect(await client.request('alive')).toBe('alive');
  }

  test.each(PAYLOADS)('%s: %s %s', async (...[, event, json, code, issue]) => {
    const client = await app.connect(path);
    // JSON.parse makes own properties of these names
    const data: unknown = JSON.parse(json);
    const message = codec.encode({ event, data, id: 7 });
    // a message that cannot be read has no event for the reply
    const whose = code === MALFORMED ? {} : { event, id: 7 };
    const error = { code, ...(issue && { details: [issue] }) };
    await expectRefused(client, message, { ...whose, error: error as Envelope['error'] & object });
  });
});

describe('names that are written otherwise', () => {
  test.each([
    String.raw`{"\u005f_proto__":{"hjw":1}}`,
    String.raw`{"__proto\u005F\u005f":{"hjw":1}}`,
    String.raw`{"\u0063onstructor":{"protot\u0079pe":{"hjw":1}}}`,
  ])('CVE-2020-7637 in escapes: %s', async (data) => {
    const client = await app.connect('/json');
    client.send(`{"event":"anything","data":{"meta":${data}},"id":7}`);
    expect(await client.receiveEvent()).toMatchObject({ error: { code: MALFORMED } });
    expect(await client.request('alive')).toBe('alive');
  });
});

describe('CVE-2020-36518, 100,000 levels', () => {
  const LEVELS = 100_000;
  const json = (open: string, close: string): string =>
    `{"event":"anything","data":{"meta":${open.repeat(LEVELS)}0${close.repeat(LEVELS)}},"id":7}`;
  const packed = (level: readonly number[]): Buffer =>
    Buffer.concat([
      // a map of two, the second a map of one
      Buffer.of(0x83),
      ...['event', 'anything', 'id', 7, 'data'].map((part) => encode(part)),
      Buffer.of(0x81),
      encode('meta'),
      Buffer.alloc(LEVELS * level.length, Buffer.from(level)),
      Buffer.of(0),
    ]);

  test.each<[string, string, string | Buffer]>([
    ['arrays in JSON', '/json', json('[', ']')],
    ['objects in JSON', '/json', json('{"a":', '}')],
    ['arrays in MessagePack', '/pack', packed([0x91])],
    ['maps in MessagePack', '/pack', packed([0x81, 0xa1, 0x61])],
  ])('%s', async (_what, path, message) => {
    const client = await app.connect(path);
    client.send(message);
    const issue = { constraints: { maxDepth: 'objects may stand in each other 32 deep' } };
    expect(await client.receiveEvent()).toMatchObject({
      event: 'anything',
      id: 7,
      error: { code: INVALID, details: [issue] },
    });
    expect(await client.request('alive')).toBe('alive');
  });
});

test.each(PAYLOADS.filter(([, event]) => event === 'post'))(
  'a handler of messages that are no events: %s: %s %s',
  async (...[, , json, code, issue]) => {
    const client = await app.connect('/plain');
    client.send(json);
    const { error, ...rest } = JSON.parse((await client.receive()) as string) as Envelope;
    expect(rest).toEqual({});
    expect(error).toMatchObject({ code, ...(issue && { details: [issue] }) });
    client.send('{"title":"hello world"}');
    expect(await client.receive()).toBe('accepted');
    expect(reached.splice(0)).toEqual([{ title: 'hello world' }]);
  },
);

test('SNYK-JS-CLASSVALIDATOR-1730566, a class that class-validator does not know: refused at boot', async () => {
  class Bare {
    title!: string;
  }
  @WebSocketPath('/')
  class Controller {
    @OnMessage('post')
    post(body: Bare): void {
      reached.push(body);
    }
  }
  await expect(createTestApp(moduleOf([Controller]))).rejects.toThrow(
    new BootError(
      'Controller.post, parameter 1 (body): Bare has no decorators of class-validator, so nothing would be checked. ' +
        'Decorate its properties, or add it to the providers of a module if it is one.',
    ),
  );
});

test('SNYK-JS-CLASSVALIDATOR-1730566 (class-validator#1422), an object of a class that nothing makes: refused at boot', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage('untyped')
    untyped(body: Untyped): void {
      reached.push(body);
    }
  }
  await expect(createTestApp(moduleOf([Controller]))).rejects.toThrow(
    new BootError(
      'Controller.untyped, parameter 1 (body): Untyped.settings has @ValidateNested() but no @Type(), so it would never be ' +
        'valid. Write @Type(() => Settings). If that is there, class-transformer is installed twice (npm ls class-transformer).',
    ),
  );
});
