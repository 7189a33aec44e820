import { figure, mebibytes, sized } from '../support/figures';
import { text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { Meter } from './meter';
import { ServerProcess } from './server-process';
import { GIB, MIB, OFFER_DEFLATE, sendCompressed, sendInFragments, sendInOneFrame } from './traffic';

const WARM_UP = 64 * MIB;
const MOST = 20 * MIB;
const LARGE = sized(GIB, 256 * MIB);

// takes long: 256 MiB in each test
describe('a message of any length takes less than 20 MiB of the server', () => {
  let server: ServerProcess;

  beforeEach(async () => {
    server = await ServerProcess.start();
  });

  afterEach(() => server.stop());

  /** Growth of the server's memory in a large transfer, after a smaller one. */
  async function growth(way: string, transfer: (size: number) => Promise<void>): Promise<number> {
    await transfer(WARM_UP);
    const before = server.memory().now;
    await transfer(LARGE);
    const grown = server.memory().peak - before;
    figure('long messages', `${mebibytes(LARGE)} ${way}: memory grows by ${mebibytes(grown)}`);
    return grown;
  }

  test.each([
    ['in one frame', sendInOneFrame, {}],
    ['in fragments of 64 KiB', sendInFragments, {}],
    ['compressed to 1 MiB', sendCompressed, OFFER_DEFLATE],
  ])('on its way in, %s', async (way, send, headers) => {
    const client = await RawClient.open(server.url, '/count', headers);
    const grown = await growth(`in, ${way}`, async (size) => {
      await send(client, size);
      expect((await client.frame()).payload.toString()).toBe(String(size));
    });
    client.destroy();
    expect(grown).toBeLessThan(MOST);
  });

  test('on its way out', async () => {
    const grown = await growth('out', async (size) => {
      const client = await RawClient.open(server.url, '/send');
      const meter = new Meter(client);
      client.write(text(String(size)));
      await meter.messageEnd;
      client.destroy();
      expect(meter.payloadBytes).toBe(size);
    });
    expect(grown).toBeLessThan(MOST);
  });
});
