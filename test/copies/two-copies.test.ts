import 'reflect-metadata';
import * as tsyringeOfAll from 'tsyringe';
import { connectSocket, type Portal } from './portals';
import { installPortal, type Installed } from '../support/installed';

/** Portal, loaded once more. With its peers too, as `jest.resetModules` does, or with those that are there. */
function anotherCopy(withPeers: boolean): Portal {
  let loaded: Portal | undefined;
  jest.isolateModules(() => {
    if (!withPeers) {
      jest.doMock('tsyringe', () => tsyringeOfAll);
    }
    const portal = jest.requireActual<typeof import('../../src')>('../../src');
    const tsyringe = withPeers ? jest.requireActual<typeof import('tsyringe')>('tsyringe') : tsyringeOfAll;
    const testing = jest.requireActual<typeof import('../../src/testing')>('../../src/testing');
    loaded = { ...portal, testing, tsyringe };
  });
  return loaded!;
}

describe.each([true, false])('two copies in a process, with two of tsyringe: %p', (withPeers) => {
  const running = anotherCopy(withPeers);
  const decorating = anotherCopy(withPeers);

  test('are two', () => {
    expect(running.Connection).not.toBe(decorating.Connection);
    expect(running.tsyringe.container === decorating.tsyringe.container).toBe(!withPeers);
  });

  test('one runs what the other decorated', async () => {
    expect(await connectSocket(running, decorating)).toEqual({
      types: [true, true, true],
      injected: ['motto', true, true, 1],
      scoped: [1, 1, 2],
      refused: 403,
      denied: 'caught Forbidden',
      own: 'no_luck',
      caught: 'caught denied',
      stream: 'abc',
      close: [1000, true],
      late: 'late',
    });
  });

  test('each recognises the errors of the other', () => {
    for (const [mine, other] of [
      [running, decorating],
      [decorating, running],
    ] as const) {
      expect(new mine.PortalError('x')).toBeInstanceOf(other.PortalError);
      expect(new mine.ForbiddenError()).toBeInstanceOf(other.PortalError);
      expect(new mine.ForbiddenError()).toBeInstanceOf(other.ForbiddenError);
      expect(new mine.ForbiddenError()).not.toBeInstanceOf(other.UnauthorizedError);
      expect(new mine.BootError('x')).toBeInstanceOf(other.BootError);
      expect(new mine.ConnectionClosedError()).toBeInstanceOf(other.ConnectionClosedError);
      expect(new mine.testing.UpgradeRefusedError(403, {}, '')).toBeInstanceOf(other.testing.UpgradeRefusedError);
    }
  });

  test('a boot error of one is a boot error of the other', async () => {
    class Plain {}
    await expect(running.createApp(Plain)).rejects.toBeInstanceOf(decorating.BootError);
  });
});

describe('installed twice', () => {
  let installed: Installed;
  const SCRIPT = `
    const { createApp } = require('portal-ws');
    const { createTestApp } = require('portal-ws/testing');
    const lib = require('./lib');
    (async () => {
      const app = await createTestApp(lib.AppModule);
      const client = await app.connect('/');
      console.log(await client.request('hi', 'ann'));
      await client.request('fail').catch(({ code, details }) => console.log(code, details));
      await app.close();
    })().catch((error) => console.log(error.name + ': ' + error.message));
  `;
  const LIB = `
    const { Connection, Module, OnMessage, PortalError, WebSocketPath, injectable } = require('portal-ws');
    const { Lifecycle } = require('tsyringe');
    const types = (list, target, method) => Reflect.defineMetadata('design:paramtypes', list, target, method);
    class Db { name = 'db' }
    class Chat {
      constructor(db) { this.db = db; }
      hi(name, connection) { return [name, connection.path, this.db.name].join(' '); }
      fail() { throw new PortalError('no_luck', 'x', { details: 7 }); }
    }
    types([Db], Chat);
    types([String, Connection], Chat.prototype, 'hi');
    types([], Chat.prototype, 'fail');
    OnMessage('hi')(Chat.prototype, 'hi');
    OnMessage('fail')(Chat.prototype, 'fail');
    WebSocketPath('/')(Chat);
    class AppModule {}
    Module({ controllers: [Chat], providers: [Db] })(AppModule);
    exports.AppModule = AppModule;
  `;

  beforeAll(() => {
    installed = installPortal([]);
  });
  afterAll(() => installed.remove());

  test('a library with a copy of its own is served', () => {
    installed.copyTo('lib');
    installed.write('lib/index.js', LIB);
    expect(installed.run(SCRIPT).stdout.split('\n')).toEqual(['ann / db', 'no_luck 7']);
  });

  test('one with another major version is refused, and both are named', () => {
    installed.copyTo('lib', (file, text) =>
      file.endsWith('copies/copies.js') ? text.replace(/const MAJOR = \d+/, 'const MAJOR = 7') : text,
    );
    installed.write('lib/index.js', LIB);
    expect(installed.run(SCRIPT).stdout).toBe(
      'BootError: AppModule: it was decorated by portal-ws 7, and portal-ws 0 runs the application. Install one version for ' +
        'both (`npm ls portal-ws` shows them).',
    );
  });
});
