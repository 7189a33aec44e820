export type { Codec, Envelope } from './codec';
export { JsonCodec } from './json-codec';
export { MessagePackCodec } from './message-pack-codec';
