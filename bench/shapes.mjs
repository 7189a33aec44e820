import 'reflect-metadata';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { encode } from '@msgpack/msgpack';
import { Allow, IsArray, IsInt, IsNumber, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { WebSocket } from 'ws';
import { z } from 'zod';
import {
  bootstrap,
  JsonCodec,
  MessageBody,
  MessagePackCodec,
  Module,
  OnMessage,
  WebSocketPath,
} from '../dist/index.js';
import { decorate, decorateProperties } from './servers/decorate.mjs';

// Portal's own copy: class-transformer keeps the records of its decorators in the module
const { Type } = createRequire(new URL('../dist/index.js', import.meta.url))('class-transformer');

// The time for which one message of 1 MiB blocks the event loop, by its shape, and the length of its reply. The server is a process of
// its own; the time is its main thread's CPU time from the send until the answer, with reading in it.

const MIB = 1024 * 1024;
const ROUNDS = 6;

class Item {}
decorateProperties(Item, { name: [String, IsString()], size: [Number, IsOptional(), IsInt()] });
class Optional {}
decorateProperties(
  Optional,
  Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`p${at}`, [Number, IsOptional(), IsInt()]])),
);
class Body {}
decorateProperties(Body, {
  name: [String, IsOptional(), IsString()],
  items: [Array, IsOptional(), IsArray(), ValidateNested({ each: true }), Type(() => Item)],
  optional: [Array, IsOptional(), ValidateNested({ each: true }), Type(() => Optional)],
  map: [Map, IsOptional(), ValidateNested({ each: true }), Type(() => Item)],
  set: [Set, IsOptional(), ValidateNested({ each: true }), Type(() => Item)],
  numbers: [Array, IsOptional(), IsNumber({}, { each: true })],
  record: [Object, IsOptional(), IsObject()],
  any: [Object, Allow()],
});

const Schema = z.strictObject({
  items: z.array(z.object({ name: z.string(), size: z.number(), a: z.string(), b: z.string() })).optional(),
  numbers: z.array(z.number()).optional(),
  record: z.record(z.string(), z.string()).optional(),
});

function controllerAt(...path) {
  class Controller {
    take() {
      return 'taken';
    }
    schema() {
      return 'taken';
    }
    field() {
      return 'taken';
    }
    untyped() {
      return 'taken';
    }
  }
  MessageBody(Schema)(Controller.prototype, 'schema', 0);
  MessageBody('items')(Controller.prototype, 'field', 0);
  MessageBody()(Controller.prototype, 'untyped', 0);
  return decorate(Controller, [WebSocketPath(...path)], {
    take: [[Body], OnMessage('class')],
    schema: [[Object], OnMessage('schema')],
    field: [[Array], OnMessage('field')],
    untyped: [[Object], OnMessage('untyped')],
  });
}

class App {}
Module({ controllers: [controllerAt('/json'), controllerAt('/pack', { codec: new MessagePackCodec() })] })(App);

/** As many items as fit into 1 MiB. */
const many = (part, count) => Array.from({ length: count }, (_, at) => part(at)).join(',');
const fill = (part) => many(part, Math.floor((MIB - 200) / (part(99_999).length + 1)));

/** A few objects fewer than a message may have. */
const NAMES = 89_000;
const LEVELS = 131_000;
const OBJECTS = 99_000;
const OBJECTS_OF_MANY_LAYOUTS = 32_700;

const bodies = {
  'unknown keys': `{${fill((at) => `"k${at}":1`)}}`,
  'unknown keys of an item': `{"items":[{${fill((at) => `"k${at}":1`)}}]}`,
  'empty objects for items': `{"items":[${fill(() => '{}')}]}`,
  'valid items': `{"items":[${fill(() => '{"name":"a"}')}]}`,
  'items with unknown keys': `{"items":[${fill(() => '{"x":1}')}]}`,
  'empty objects for optional': `{"optional":[${fill(() => '{}')}]}`,
  'arrays in arrays': `{"items":[${fill(() => '[]')}]}`,
  'keys of a map': `{"map":{${fill((at) => `"k${at}":{}`)}}}`,
  'valid values of a map': `{"map":{${fill((at) => `"k${at}":{"name":"a"}`)}}}`,
  'objects for a set': `{"set":[${fill(() => '{}')}]}`,
  'items of one name each': `{"items":[${fill((at) => `{"${at.toString(36)}":1}`)}]}`,
  'objects of one name each': `{"any":[${fill((at) => `{"${at.toString(36)}":1}`)}]}`,
  'short unknown keys': `{${fill((at) => `"${at.toString(36)}":1`)}}`,
  'short keys of a map': `{"map":{${fill((at) => `"${at.toString(36)}":{}`)}}}`,
  'texts for values of a map': `{"map":{${fill((at) => `"${at.toString(36)}":""`)}}}`,
  'short keys of a record': `{"record":{${fill((at) => `"${at.toString(36)}":1`)}}}`,
  'numbers for a set': `{"set":[${fill((at) => String(at))}]}`,
  'empty objects for any': `{"any":[${fill(() => '{}')}]}`,
  'empty objects in objects': `{"any":[${fill(() => '{"a":{}}')}]}`,
  'objects of as many layouts as may be': `{"any":[${many((at) => `{"${at.toString(36)}":1}`, OBJECTS_OF_MANY_LAYOUTS)}]}`,
  'objects of 1,000 names': `{"any":[${many((at) => `{"${(at % 1000).toString(36)}":1}`, OBJECTS)}]}`,
  'as many levels as may be': `{"any":${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}}`,
  'as many levels of objects as may be': `{"any":${'{"a":'.repeat(LEVELS)}1${'}'.repeat(LEVELS)}}`,
  numbers: `{"numbers":[${fill(() => '1')}]}`,
  'texts for numbers': `{"numbers":[${fill(() => '""')}]}`,
  'keys of a record': `{"record":{${fill((at) => `"k${at}":1`)}}}`,
  'names of every object': `{"record":{${fill((at) => `"k${at}":{}`)},"toString":1}}`,
  'objects in each other': `{"any":${'{"a":'.repeat(170_000)}1${'}'.repeat(170_000)}}`,
  'arrays in each other': `{"any":${'['.repeat(500_000)}${']'.repeat(500_000)}}`,
  'a long text': `{"name":"${'a'.repeat(MIB - 100)}"}`,
  'a long key': `{"${'a'.repeat(MIB - 100)}":1}`,
  'escapes in keys': `{${fill((at) => String.raw`"\u0061${at}":1`)}}`,
};

const messages = Object.entries(bodies).flatMap(([name, body]) =>
  ['class', 'schema', 'field', 'untyped', 'none'].map((event) => [
    `${event}: ${name}`,
    '/json',
    `{"event":"${event}","id":1,"data":${body}}`,
  ]),
);
messages.push(
  ['a long event', '/json', `{"event":"${'a'.repeat(MIB - 100)}","id":1}`],
  ['a long id', '/json', `{"event":"none","id":"${'a'.repeat(MIB - 100)}"}`],
  ['keys of the envelope', '/json', `{"event":"none","id":1,${fill((at) => `"k${at}":1`)}}`],
);
/** As many parts as fit into 1 MiB. */
function fillPacked(part) {
  const parts = [];
  for (let bytes = 200; bytes < MIB; bytes += encode(parts.at(-1)).length) parts.push(part(parts.length));
  return parts;
}
const record = (value) => Object.fromEntries(fillPacked((at) => [at.toString(36), value]).slice(0, NAMES));
const packedBodies = {
  'unknown keys': record(1),
  'unknown keys of an item': { items: [record(1)] },
  'empty objects for items': { items: fillPacked(() => ({})) },
  'valid items': { items: fillPacked(() => ({ name: 'a' })).slice(0, 98_000) },
  'items of two fields': { items: fillPacked(() => ({ name: 'a', size: 1 })) },
  'items of one name each': { items: fillPacked((at) => ({ [at.toString(36)]: 1 })) },
  'objects of three fields': { any: fillPacked((at) => ({ id: at, name: 'ab', size: 3 })) },
  'objects of names in turn': {
    any: fillPacked((at) =>
      Object.fromEntries(Array.from({ length: 30 }, (_, key) => [`k${(key + at * 7) % 1000}`, 1])),
    ),
  },
  'objects of one name each': { any: fillPacked((at) => ({ [at.toString(36)]: 1 })) },
  'keys of a map': { map: record({}) },
  'objects of as many layouts as may be': {
    any: fillPacked((at) => ({ [at.toString(36)]: 1 })).slice(0, OBJECTS_OF_MANY_LAYOUTS),
  },
  'objects of 1,000 names': { any: fillPacked((at) => ({ [(at % 1000).toString(36)]: 1 })).slice(0, OBJECTS) },
  'as many empty objects as may be': { any: fillPacked(() => ({})).slice(0, 349_000) },
  'as many empty items as may be': { items: fillPacked(() => ({})).slice(0, 349_000) },
  'as many empty arrays as may be': { items: fillPacked(() => []).slice(0, 349_000) },
  'keys of a record that are numbers': { record: Object.fromEntries(fillPacked((at) => [at * 7, 1])) },
  'keys of a record': { record: record(1) },
  numbers: { numbers: fillPacked(() => 1) },
  'short texts': { any: fillPacked(() => 'a') },
  'arrays in arrays': { items: fillPacked(() => [[1]]) },
  'a long text': { name: 'a'.repeat(MIB - 200) },
};
for (const [name, data] of Object.entries(packedBodies)) {
  for (const event of ['class', 'schema', 'untyped']) {
    messages.push([`MessagePack, ${event}: ${name}`, '/pack', encode({ event, id: 1, data })]);
  }
}
const packed = (byte, count) => {
  const bytes = Buffer.alloc(count, byte);
  const head = Buffer.concat([Buffer.of(0x83), ...['event', 'untyped', 'id', 1, 'data'].map((part) => encode(part))]);
  const size = Buffer.of(0xdd, 0, 0, 0, 0);
  size.writeUInt32BE(count, 1);
  return Buffer.concat([head, size, bytes]);
};
messages.push(
  ['MessagePack, untyped: empty maps', '/pack', packed(0x80, MIB - 100)],
  ['MessagePack, untyped: empty arrays', '/pack', packed(0x90, MIB - 100)],
  ['MessagePack, untyped: nothings', '/pack', packed(0xc0, MIB - 100)],
);

const LIMITS = { maxMessageBytes: 2 * MIB };

/** Milliseconds that the main thread has been on a core (the first figure of Linux's schedstat). */
function threadTime() {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

async function serve() {
  const silent = { info() {}, warn() {}, error() {} };
  const app = await bootstrap(App, { limits: LIMITS, logger: silent });
  await app.listen({ port: 0, host: '127.0.0.1' });
  process.on('message', () => process.send(threadTime()));
  process.on('disconnect', () => process.exit());
  process.send(app.port);
}

function ask(server) {
  return new Promise((resolve) => {
    server.once('message', resolve);
    server.send('');
  });
}

async function measure(only) {
  const server = fork(process.argv[1], ['serve']);
  const port = await new Promise((resolve) => server.once('message', resolve));
  const rows = [];
  for (const [name, path, message] of messages) {
    if (only !== undefined && !name.includes(only)) continue;
    const client = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    await once(client, 'open');
    const times = [];
    let reply = '';
    for (let round = 0; round < ROUNDS; round++) {
      const start = await ask(server);
      client.send(message);
      [reply] = await once(client, 'message');
      times.push((await ask(server)) - start);
    }
    client.close();
    const codec = path === '/json' ? new JsonCodec() : new MessagePackCodec();
    const { error } = codec.decode(path === '/json' ? String(reply) : reply);
    const { length } = message;
    // the first run compiles the code
    times.shift();
    times.sort((one, other) => one - other);
    rows.push({ name, times, request: length, reply: reply.length, verdict: error?.code ?? 'taken' });
  }
  server.disconnect();
  rows.sort((one, other) => other.times.at(-1) - one.times.at(-1));
  console.log(
    '| median ms | worst ms | request | reply | verdict | shape |\n| ---: | ---: | ---: | ---: | --- | --- |',
  );
  for (const { name, times, request, reply, verdict } of rows) {
    const [middle, worst] = [times[times.length >> 1], times.at(-1)].map((time) => time.toFixed(0));
    console.log(`| ${middle} | ${worst} | ${request} | ${reply} | ${verdict} | ${name} |`);
  }
}

if (process.argv[2] === 'serve') await serve();
else await measure(process.argv[2]);
