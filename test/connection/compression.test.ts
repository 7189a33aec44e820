import { resolveCompression, type Compression } from '../../src/connection/compression';

const DEFAULTS = {
  threshold: 1024,
  serverContextTakeover: false,
  clientContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

test('off by default; true takes the defaults', () => {
  expect(resolveCompression(undefined)).toBeUndefined();
  expect(resolveCompression(false)).toBeUndefined();
  expect(resolveCompression(true)).toEqual(DEFAULTS);
});

test('a path sets on top of its application, or turns it off', () => {
  const application = resolveCompression({ threshold: 10 });
  expect(resolveCompression(undefined, application)).toBe(application);
  expect(resolveCompression(true, application)).toEqual({ ...DEFAULTS, threshold: 10 });
  expect(resolveCompression({ serverMaxWindowBits: 9 }, application)).toMatchObject({
    threshold: 10,
    serverMaxWindowBits: 9,
  });
  expect(resolveCompression(false, application)).toBeUndefined();
});

test.each<[object, string]>([
  [{ threshold: -1 }, 'compression.threshold must be a whole number of bytes, not -1'],
  [{ serverMaxWindowBits: 7 }, 'compression.serverMaxWindowBits must be a whole number from 8 to 15, not 7'],
  [{ clientMaxWindowBits: 16 }, 'compression.clientMaxWindowBits must be a whole number from 8 to 15, not 16'],
  [{ serverContextTakeover: 'yes' }, 'compression.serverContextTakeover must be true or false, not yes'],
  [{ level: 9 }, 'compression.level is no setting; there are threshold, serverContextTakeover'],
])('%p is refused', (setting, message) => {
  expect(() => resolveCompression(setting as Compression)).toThrow(message);
});
