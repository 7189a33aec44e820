import { channelName, type Backplane } from '../../src';
import { NatsBackplane } from '../../src/adapters/nats';
import { RedisBackplane } from '../../src/adapters/redis';
import { until } from '../adapters/nodes';
import { Broker, disposeBrokers, type BrokerKind } from '../support/broker';
import { Process, type Peer } from '../support/channel-app';

afterAll(disposeBrokers);

/** What has a meaning for a broker, or for how names are written there. */
const literals = [
  '>',
  'a.>',
  '.a',
  'a.',
  '.',
  '?',
  'a?',
  '[a-z]',
  '[^a]',
  '\\',
  '\\*',
  '$JS.API.>',
  '{a}',
  '}',
  '%',
  '%2A',
  '%u002A',
];
const texts = ['*', '**', 'a.*', ':', 'a:b', ' ', '\r\nPUBLISH x 1', '\ud800', '', '>', 'x'.repeat(5000)];

const backplanes: Record<BrokerKind, (url: string) => Backplane> = {
  redis: (url) => new RedisBackplane({ url }),
  nats: (servers) => new NatsBackplane({ servers }),
};

const texted = (peer: Peer): string[] => peer.messages.map(String);

describe.each(['redis', 'nats'] as const)('on %s, whatever a client writes', (kind) => {
  const names = [...literals.filter((text) => !text.includes('*')), ...texts.map((text) => channelName('p', text))];

  test.each(['plain', 'log'])('is the name of one channel (%s)', async (first) => {
    const { url } = await Broker.start(kind);
    const start = () =>
      Process.start({ backplane: backplanes[kind](url), history: { 'log:**': { size: 50, ttlSeconds: 60 } } });
    const [one, other] = [await start(), await start()];
    const channels = names.map((name) => `${first}:${name}`);
    const listening = await Promise.all(
      channels.map(async (channel) => {
        const peer = await one.connect(`?user=${encodeURIComponent(channel)}`);
        const subscribed = await peer.subscribe(channel);
        return { peer, channel, since: (subscribed as { offset: string } | undefined)?.offset };
      }),
    );
    const stranger = await one.connect();
    await stranger.subscribe(`${first}:a`);
    const all = await one.connect();
    await all.subscribePattern(`${first}:**`);
    for (const channel of channels) {
      other.channels.publish(channel, `to ${channel}`);
      other.channels.toUser(channel).publish(`for ${channel}`);
    }
    await until(() => all.messages.length === channels.length);
    await until(() => listening.every(({ peer }) => peer.messages.length >= 2));
    for (const { peer, channel } of listening) expect(texted(peer).sort()).toEqual([`for ${channel}`, `to ${channel}`]);
    expect(texted(all).sort()).toEqual(channels.map((channel) => `to ${channel}`).sort());
    expect(texted(stranger)).toEqual([]);
    if (first === 'plain') return;
    for (const { channel, since } of listening) {
      const late = await other.connect();
      await late.subscribe(channel, { since: since! });
      expect(texted(late)).toEqual([`to ${channel}`]);
    }
  });
});
