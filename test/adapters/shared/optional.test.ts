import { optional } from '../../../src/adapters/shared';
import { thrower } from '../../support/uses';
import { installPortal, type Installed } from '../../support/installed';

const missing = (name: string): Error =>
  Object.assign(new Error(`Cannot find module '${name}'\nRequire stack:\n- /app/index.js`), {
    code: 'MODULE_NOT_FOUND',
  });

test('what a package exports', () => {
  const exported = {};
  expect(optional('portal-ws/metrics', 'prom-client', () => exported)).toBe(exported);
});

test('where it is not installed, what to install, with the cause', () => {
  const cause = missing('prom-client');
  const load = (): unknown => optional('portal-ws/metrics', 'prom-client', thrower(cause));
  expect(load).toThrow(
    expect.objectContaining({
      message: 'portal-ws/metrics needs the package prom-client: npm install prom-client',
      cause,
    }) as Error,
  );
});

test.each([
  ['of something else', missing('something-else')],
  ['of its code', new SyntaxError('Unexpected token')],
  ['that only names it', new Error("about 'prom-client'")],
])('a failure %s as it is', (_what, error) => {
  expect(() => optional('portal-ws/metrics', 'prom-client', thrower(error))).toThrow(error);
});

describe('installed, in a process of its own', () => {
  const OPTIONAL = { metrics: 'prom-client', opentelemetry: '@opentelemetry/api' };
  let bare: Installed;
  let full: Installed;

  beforeAll(() => {
    bare = installPortal([]);
    full = installPortal(Object.values(OPTIONAL));
  });
  afterAll(() => {
    bare.remove();
    full.remove();
  });

  test.each(Object.entries(OPTIONAL))('portal-ws/%s says what it needs, %s', (entry, name) => {
    const message = `portal-ws/${entry} needs the package ${name}: npm install ${name}`;
    expect(bare.run(`require('portal-ws/${entry}')`)).toMatchObject({ status: 1 });
    expect(bare.run(`require('portal-ws/${entry}')`).stderr).toContain(`Error: ${message}`);
    expect(bare.run(`import('portal-ws/${entry}').catch(({ message }) => console.log(message))`).stdout).toBe(message);
  });

  test.each([
    ['metrics', 'prometheus'],
    ['opentelemetry', 'openTelemetry'],
  ])('portal-ws/%s is there for CommonJS and for ES modules', (entry, name) => {
    const script = `
      const { ${name} } = require('portal-ws/${entry}');
      import('portal-ws/${entry}').then((module) => console.log(typeof ${name}, module.${name} === ${name}));
    `;
    expect(full.run(script)).toEqual({ status: 0, stdout: 'function true', stderr: '' });
  });

  test.each(['portal-ws', 'portal-ws/engine', 'portal-ws/testing'])(
    '%s loads neither them nor what they need',
    (entry) => {
      const script = `require('${entry}'); console.log(JSON.stringify(Object.keys(require.cache)))`;
      expect(bare.run(script)).toMatchObject({ status: 0, stderr: '' });
      const loaded = JSON.parse(full.run(script).stdout) as string[];
      expect(loaded.filter((file) => file.includes('/dist/')).length).toBeGreaterThan(20);
      expect(loaded.filter((file) => /prom-client|opentelemetry|\/dist\/(?:metrics|packages)\//.test(file))).toEqual(
        [],
      );
    },
  );

  test.each([
    ['metrics', /dist\/opentelemetry\//],
    ['opentelemetry', /prom-client|dist\/metrics\//],
  ])('portal-ws/%s loads no other', (entry, other) => {
    const script = `require('portal-ws/${entry}'); console.log(JSON.stringify(Object.keys(require.cache)))`;
    const loaded = JSON.parse(full.run(script).stdout) as string[];
    expect(loaded.filter((file) => other.test(file))).toEqual([]);
  });
});
