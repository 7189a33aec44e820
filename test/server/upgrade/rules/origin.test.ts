import { FOREIGN_ORIGIN } from '../../../../src/handshake';
import { echo, startEngine } from '../../../support/engine';
import { RawClient } from '../../../support/raw-client';

test('the origins of the path count, and those of the application where it has none', async () => {
  const own = { ...echo, path: '/own', origins: ['https://own.example'] };
  const engine = await startEngine([echo, own], { origins: ['https://all.example'] });
  const ask = async (path: string, origin: string) => {
    const client = await RawClient.connect(engine.url);
    client.upgrade(path, { Origin: origin });
    const { status, body } = await client.answer();
    client.destroy();
    return status === 101 ? 'accepted' : body;
  };
  expect(await ask('/', 'https://all.example')).toBe('accepted');
  expect(await ask('/', 'https://own.example')).toBe(FOREIGN_ORIGIN.body);
  expect(await ask('/own', 'https://own.example')).toBe('accepted');
  expect(await ask('/own', 'https://all.example')).toBe(FOREIGN_ORIGIN.body);
});
