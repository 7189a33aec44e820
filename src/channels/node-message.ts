import type { Member } from './member';

/** Presence of a channel: who subscribes to it on which node. */
export type PresenceMessage =
  /** The sender wants to hear of the channel, from its `members` on. */
  | { readonly is: 'watch'; readonly channel: string }
  | { readonly is: 'unwatch'; readonly channel: string }
  /** All members on the sender. */
  | { readonly is: 'members'; readonly channel: string; readonly members: readonly Member[] }
  | { readonly is: 'joined'; readonly channel: string; readonly member: Member }
  | { readonly is: 'left'; readonly channel: string; readonly connectionId: string };

/** A question about one channel, for all nodes. */
export interface Question {
  /** `nothing`: the answer only tells that everything said before has been heard. */
  readonly about: 'count' | 'members' | 'nothing';
  readonly channel: string;
}

/** The number of subscribers, the members, or `null` where the question is about nothing. */
export type Answer = number | readonly Member[] | null;

/** Everything that nodes say to each other. Each message also tells that its sender is alive. */
export type NodeMessage =
  /** The sender is new, or was cut off. It is answered with `beat`. */
  | { readonly is: 'hello' }
  /** `at`: when it was sent, by the sender's clock, for the sender itself. */
  | { readonly is: 'beat'; readonly at?: number | undefined }
  | { readonly is: 'bye' }
  | ({ readonly is: 'question'; readonly id: number } & Question)
  | { readonly is: 'answer'; readonly id: number; readonly answer: Answer }
  /** Close the connections that subscribe to the channel on which this is said. */
  | { readonly is: 'close'; readonly code?: number | undefined; readonly reason?: string | undefined }
  | PresenceMessage;

type Kind = NodeMessage['is'];
type Check = (value: unknown) => boolean;
type FieldsOf<Message> = Message extends unknown ? Exclude<keyof Message, 'is'> : never;

const isString: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number';
const isMember: Check = (value) => isObject(value) && isString(value['connectionId']);
const areMembers: Check = (value) => Array.isArray(value) && value.every(isMember);
const isTopic: Check = (value) => value === 'count' || value === 'members' || value === 'nothing';
const isAnswer: Check = (value) => value === null || isNumber(value) || areMembers(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

/** The check of each field of each message. */
const FIELDS: { readonly [Is in Kind]: Readonly<Record<FieldsOf<Extract<NodeMessage, { is: Is }>>, Check>> } = {
  hello: {},
  beat: { at: optional(isNumber) },
  bye: {},
  question: { id: isNumber, about: isTopic, channel: isString },
  answer: { id: isNumber, answer: isAnswer },
  close: { code: optional(isNumber), reason: optional(isString) },
  watch: { channel: isString },
  unwatch: { channel: isString },
  members: { channel: isString, members: areMembers },
  joined: { channel: isString, member: isMember },
  left: { channel: isString, connectionId: isString },
};

/** Reads the JSON of a message; `undefined` for anything else. */
export function parseNodeMessage(json: string): NodeMessage | undefined {
  let message: unknown;
  try {
    message = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!isObject(message) || !isKind(message['is'])) return undefined;
  const fields = Object.entries<Check>(FIELDS[message['is']]);
  return fields.every(([field, check]) => check(message[field])) ? (message as NodeMessage) : undefined;
}

const isKind = (is: unknown): is is Kind => typeof is === 'string' && Object.hasOwn(FIELDS, is);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
