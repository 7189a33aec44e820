import { join } from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import resolve from '@rollup/plugin-node-resolve';
import { build, type BuildOptions } from 'esbuild';
import { rollup } from 'rollup';
import ts from 'typescript';
import webpack from 'webpack';
import { Packed } from '../support/packed';

/** A server with a codec, compression, a validated body and a path parameter, and a client that prints its answers. */
const MAIN = `
  const { Module, OnMessage, WebSocketPath, createApp, MessageBody, MessagePackCodec, JsonCodec, PathParam } = require('portal-ws');
  const { createTestApp } = require('portal-ws/testing');
  const { IsString } = require('class-validator');
  class Say {}
  IsString()(Say.prototype, 'text');
  class Chat {
    say(body, room) { return [body instanceof Say, body.text.length, room]; }
  }
  MessageBody(() => Say)(Chat.prototype, 'say', 0);
  PathParam('room')(Chat.prototype, 'say', 1);
  OnMessage('say')(Chat.prototype, 'say', Object.getOwnPropertyDescriptor(Chat.prototype, 'say'));
  const codec = { json: new JsonCodec(), msgpack: new MessagePackCodec() };
  WebSocketPath('/rooms/:room', { codec, compression: true })(Chat);
  class AppModule {}
  Module({ controllers: [Chat] })(AppModule);
  createTestApp(AppModule).then(async (app) => {
    const client = await app.connect('/rooms/a', { protocols: ['msgpack'] });
    console.log(JSON.stringify(await client.request('say', { text: 'hello' })));
    console.log(await client.request('say', { text: 5 }).catch(({ code }) => code));
    await app.close();
  }).catch((error) => { console.error(error); process.exitCode = 1; });
`;

const ANSWERS = '[true,5,"a"]\nvalidation_failed';

// takes long: each bundler needs seconds of CPU time, and loads its own compiler
jest.setTimeout(180_000);

let app: Packed;

beforeAll(() => {
  app = new Packed(['reflect-metadata', 'tsyringe', 'class-validator', 'class-transformer', '@types/node']);
  app.write('main.js', MAIN);
  app.write('entry.mjs', `import 'reflect-metadata';\nimport './main.js';\n`);
});
afterAll(() => app.remove());

function expectAnswers(...args: string[]): void {
  expect(app.node(...args)).toEqual({ status: 0, stdout: ANSWERS, stderr: '' });
}

test('runs as pnpm lays packages out, where each finds only its declared dependencies', () => {
  expectAnswers('main.js');
  expectAnswers('entry.mjs');
});

describe('esbuild', () => {
  const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

  test.each<[string, BuildOptions]>([
    ['CommonJS', { format: 'cjs', outfile: 'esbuild.cjs' }],
    ['CommonJS, minified', { format: 'cjs', outfile: 'esbuild.min.cjs', minify: true }],
    ['ES modules, with a require', { format: 'esm', outfile: 'esbuild.mjs', banner: { js: REQUIRE } }],
  ])('to %s', async (_what, { outfile = '', ...options }) => {
    const file = app.path(outfile);
    await build({ ...options, entryPoints: [app.path('main.js')], bundle: true, platform: 'node', outfile: file });
    expectAnswers(file);
  });
});

test('Rollup to CommonJS and to ES modules, with reflect-metadata first', async () => {
  const bundle = await rollup({
    input: app.path('entry.mjs'),
    plugins: [resolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs()],
    // a warning about class-validator's own compiled code
    onLog: (level, { code, message }) => {
      if (level === 'warn' && code !== 'THIS_IS_UNDEFINED') throw new Error(message);
    },
  });
  await bundle.write({ file: app.path('rollup.cjs'), format: 'cjs' });
  await bundle.write({ file: app.path('rollup.mjs'), format: 'es' });
  await bundle.close();
  expectAnswers('rollup.cjs');
  expectAnswers('rollup.mjs');
});

test('webpack', async () => {
  const output = { path: app.folder, filename: 'webpack.js' };
  const options = { target: 'node20', context: app.folder, entry: './main.js', output, devtool: false } as const;
  const compiler = webpack({ mode: 'production', ...options });
  const stats = await new Promise<webpack.Stats | undefined>((done, fail) =>
    compiler.run((error, result) => (error ? fail(error) : done(result))),
  );
  expect(stats?.toJson({ all: false, errors: true, warnings: true })).toMatchObject({ errors: [], warnings: [] });
  expectAnswers('webpack.js');
});

test('ncc', () => {
  const ncc = join(__dirname, '../../node_modules/@vercel/ncc/dist/ncc/cli.js');
  expect(app.node(ncc, 'build', 'main.js', '-o', 'ncc', '-q')).toMatchObject({ status: 0 });
  expectAnswers('ncc/index.js');
});

test('TypeScript without "exports" (moduleResolution: node10) finds the types of every entry', () => {
  const entries = ['engine', 'testing', 'metrics', 'opentelemetry', 'redis', 'nats'];
  const imports = entries.map((entry) => `import * as ${entry} from 'portal-ws/${entry}';`);
  const file = app.write('node10.ts', `${imports.join('\n')}\nexport const port: string = new engine.Engine().port;\n`);
  const program = ts.createProgram([file], {
    moduleResolution: ts.ModuleResolutionKind.Node10,
    module: ts.ModuleKind.CommonJS,
    ignoreDeprecations: '6.0',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [app.path('node_modules/@types')],
  });
  const messages = ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  // proves that the types are loaded: this one is wrong
  expect(messages).toEqual(["Type 'number' is not assignable to type 'string'."]);
});

test('where code from strings is forbidden, the error names the way out', () => {
  const { status, stderr } = app.node('--disallow-code-generation-from-strings', 'main.js');
  expect(status).toBe(1);
  expect(stderr).toContain(
    'BootError: Chat: paths cannot be compiled where Node runs with --disallow-code-generation-from-strings: start it ' +
      'without that flag (docs/guide/deployment.md)',
  );
});
