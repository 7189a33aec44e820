import { isToken } from '../handshake';
import type { Endpoint } from './endpoint';
import {
  callable,
  judgedElsewhere,
  listOf,
  must,
  object,
  oneOf,
  text,
  wholeNumber,
  type OptionTable,
  type Rule,
} from './option-table';

const origin = must(
  "an origin such as 'https://app.example.com', or a RegExp",
  (value) => typeof value === 'string' || value instanceof RegExp,
);

/** A list of strings; `originRule` checks that they are origins. */
const origins: Rule = oneOf(['*'], (value, place) => {
  if (Array.isArray(value)) listOf(origin)(value, place);
  else must("'*', a list such as ['https://app.example.com'], or a function", isFunction)(value, place);
});

/** Options that the application sets for all paths, or a path for itself. */
export const OF_PATHS = {
  origins,
  limits: object,
  compression: oneOf([true, false], must('true, false or an object such as { threshold: 1024 }', isObject)),
};

const protocol = must('a subprotocol: letters, digits and what else a token of HTTP has', (value) => {
  return typeof value === 'string' && isToken(value);
});

/** Options of a path. */
export const PATH_OPTIONS = {
  ...OF_PATHS,
  protocols: listOf(protocol),
  concurrency: wholeNumber(1, Number.MAX_SAFE_INTEGER, 'messages'),
  codec: judgedElsewhere,
};

/**
 * All properties of an endpoint. `scope` belongs to the controller that the endpoint was compiled from; the engine
 * ignores it.
 */
export const ENDPOINT: OptionTable<Endpoint & { scope?: unknown }> = {
  scope: judgedElsewhere,
  ...PATH_OPTIONS,
  path: judgedElsewhere,
  name: text,
  upgrade: callable,
  open: callable,
  text: callable,
  binary: callable,
  textStream: callable,
  binaryStream: callable,
  tooFast: callable,
  subscribe: callable,
  ping: callable,
  pong: callable,
  drain: callable,
  close: callable,
  release: callable,
};

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
