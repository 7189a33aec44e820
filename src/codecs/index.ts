export { isExactNumber } from './exact-number';
export type { Codec, Envelope } from './codec';
export { JsonCodec, stringify } from './json-codec';
export { MessagePackCodec } from './message-pack-codec';
