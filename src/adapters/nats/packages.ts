import type * as JetStream from '@nats-io/jetstream';
import type * as Transport from '@nats-io/transport-node';
import { optional } from '../shared';

export const transport = optional(
  'portal-ws/nats',
  '@nats-io/transport-node',
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import could not be caught
  () => require('@nats-io/transport-node') as typeof Transport,
);

export const jetstream = optional(
  'portal-ws/nats',
  '@nats-io/jetstream',
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import could not be caught
  () => require('@nats-io/jetstream') as typeof JetStream,
);
