import { ENDPOINT, PATH_OPTIONS } from '../../src/connection/endpoint-options';
import { checkOptions } from '../../src/connection/option-table';

test.each<[object, string]>([
  [{ protocols: ['chat', 'no token'] }, 'protocols[1] must be a subprotocol'],
  [{ protocols: 'chat' }, 'protocols'],
  [{ concurrency: 0 }, 'concurrency must be a whole number of messages from 1'],
  [{ compression: 'yes' }, 'compression'],
  [
    { origins: [undefined] },
    "origins[0] must be an origin such as 'https://app.example.com', or a RegExp, not undefined",
  ],
])('a path may not say %p', (options, message) => {
  expect(() => checkOptions(options, PATH_OPTIONS)).toThrow(message);
});

test('an endpoint has hooks beside them, which are functions', () => {
  checkOptions({ path: '/', protocols: ['chat'], open: () => {}, text: undefined }, ENDPOINT);
  expect(() => checkOptions({ path: '/', open: 'later' }, ENDPOINT)).toThrow('open must be a function');
  expect(() => checkOptions({ path: '/', opened: () => {} }, ENDPOINT)).toThrow('Did you mean open?');
});
