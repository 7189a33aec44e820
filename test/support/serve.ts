import { bootstrap, BootError, Module, type ModuleOptions, type ModuleProvider } from '../../src';
import { createTestApp, UpgradeRefusedError, type TestApp, type TestOptions } from '../../src/testing';
import { MemoryLogger, moduleOf } from './app';
import { turns } from './until';

type Class = NonNullable<ModuleOptions['controllers']>[number];
type Connect = Parameters<TestApp['connect']>;

const served = new Set<TestApp>();

export interface ServeOptions extends TestOptions {
  providers?: ModuleProvider[];
  imports?: Class[];
}

/** An application of these controllers without a port, closed after the test. */
export async function serve(controllers: Class[], options: ServeOptions = {}) {
  const { providers = [], imports = [], ...rest } = options;
  const log = new MemoryLogger();
  class TestModule {}
  Module({ controllers, providers, imports })(TestModule);
  const app = await createTestApp(TestModule, { logger: log, ...rest });
  served.add(app);
  const refusal = async (...[path, connect]: Connect): Promise<Answer> => {
    const error: unknown = await app.connect(path, connect).then(
      () => new Error('it was accepted'),
      (reason: unknown) => reason,
    );
    if (!(error instanceof UpgradeRefusedError)) throw error;
    return error;
  };
  return Object.assign(app, { log, refusal });
}

type Answer = Pick<UpgradeRefusedError, 'status' | 'body' | 'headers'>;

/** The message of the boot error of an application of these controllers. */
export async function bootErrorOf(
  controllers: Class[],
  { providers = [], ...options }: Omit<ServeOptions, 'imports'> = {},
): Promise<string> {
  const error: unknown = await bootstrap(moduleOf(controllers, providers), { port: 0, ...options }).then(
    (app) => app.close(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof BootError)) throw new Error(`no boot error but ${String(error)}`);
  return error.message;
}

/** Resolves when all that needs no other process has happened. */
export const settled = (): Promise<void> => turns(10);

afterEach(async () => {
  const apps = [...served];
  served.clear();
  await Promise.all(apps.map((app) => app.close()));
});
