import { originRule, Router, type Match, type OriginRule, type Origins } from '../handshake';
import { isToken } from '../handshake';
import type { FrameRules } from '../protocol';
import { resolveCompression, type Compression, type ResolvedCompression } from './compression';
import type { Handshake } from '../handshake';
import { containCodec } from './contained-codec';
import { JsonCodec, type Codec } from '../messages';
import type { CodecChoice, Endpoint } from './endpoint';
import { ENDPOINT } from './endpoint-options';
import { checkOptions, CIRCULAR_IMPORT } from './option-table';
import { resolvePathLimits, type ResolvedLimits } from './limits';

/** An endpoint, with all that is resolved before the first request. */
export interface Route {
  readonly endpoint: Endpoint;
  /** Subprotocols that the endpoint speaks. */
  readonly protocols: readonly string[];
  /** The codec for connections of a subprotocol; undefined where messages are no events. */
  readonly codecFor: (protocol: string) => Codec | undefined;
  readonly limits: ResolvedLimits;
  /** Undefined: messages are not compressed. */
  readonly compression: ResolvedCompression | undefined;
  readonly originRule: OriginRule<Handshake>;
  readonly rules: FrameRules;
  /** Rules for connections that compress. */
  readonly compressedRules: FrameRules;
}

/**
 * The codec for connections of a subprotocol.
 * @throws Error where their messages are no events
 */
export function requireCodec({ endpoint, codecFor }: Route, protocol: string): Codec {
  const codec = codecFor(protocol);
  if (codec === undefined) throw new Error(`the path ${endpoint.path} is raw: it has no codec for events`);
  return codec;
}

/** The endpoints of one engine by path. */
export class Routes {
  private readonly router = new Router<Route>();

  private readonly applicationOrigins: OriginRule<Handshake>;
  private readonly applicationCompression: ResolvedCompression | undefined;

  /** @throws TypeError for an origin that is malformed */
  constructor(
    private readonly limits: ResolvedLimits,
    origins: Origins<Handshake> | undefined,
    compression?: boolean | Compression,
    private readonly failed: (error: unknown, what: string) => void = () => {},
  ) {
    this.applicationCompression = resolveCompression(compression);
    this.applicationOrigins = originRule(origins);
  }

  /**
   * Adds an endpoint.
   * @throws Error when the path is malformed or taken, or the endpoint's limits or origins are wrong
   */
  add(endpoint: Endpoint): void {
    checkOptions(endpoint, ENDPOINT);
    const limits = resolvePathLimits(endpoint.limits, this.limits);
    const rules = frameRules(endpoint, limits);
    const where = `${endpoint.name ?? endpoint.path} (its codec)`;
    const { protocols, codecFor } = codecsOf(endpoint, (error) => this.failed(error, where));
    this.router.add(endpoint.path, {
      endpoint,
      protocols,
      codecFor,
      limits,
      rules,
      compressedRules: { ...rules, allowRsv1: true },
      compression: resolveCompression(endpoint.compression, this.applicationCompression),
      originRule: endpoint.origins === undefined ? this.applicationOrigins : originRule(endpoint.origins),
    });
  }

  find(path: string): Match<Route> | undefined {
    return this.router.find(path);
  }
}

function frameRules(endpoint: Endpoint, limits: ResolvedLimits): FrameRules {
  const { maxMessageBytes, maxStreamBytes, maxEmptyFragments } = limits;
  return {
    maxMessageBytes,
    maxEmptyFragments,
    maxTextStreamBytes: endpoint.textStream && maxStreamBytes,
    maxBinaryStreamBytes: endpoint.binaryStream && maxStreamBytes,
    allowRsv1: false,
  };
}

const JSON_CODEC = new JsonCodec();

/**
 * Resolves the codec of an endpoint, one for all subprotocols or one for each. A connection without a subprotocol gets
 * the codec listed for `''`, or the first.
 */
function codecsOf(
  { codec = JSON_CODEC, protocols = [] }: Endpoint,
  failed: (error: unknown) => void,
): Pick<Route, 'protocols' | 'codecFor'> {
  if (isChoice(codec)) {
    const only = codec === 'raw' ? undefined : containCodec(codec, failed);
    return { protocols, codecFor: () => only };
  }
  const byProtocol = new Map(
    [...choicesIn(codec)].map(([name, choice]) => [name, choice === 'raw' ? choice : containCodec(choice, failed)]),
  );
  const [first] = byProtocol.values();
  const named = [...byProtocol.keys()].filter((protocol) => protocol !== '');
  return {
    protocols: [...new Set([...protocols, ...named])],
    codecFor(protocol) {
      const choice = byProtocol.get(protocol) ?? byProtocol.get('') ?? first!;
      return choice === 'raw' ? undefined : choice;
    },
  };
}

/**
 * Tells which kinds of message the codecs of an endpoint use.
 * @throws TypeError for a value that is no codec
 */
export function codecKinds(codec: Endpoint['codec'] = JSON_CODEC): { text: boolean; binary: boolean } {
  const choices = isChoice(codec) ? [codec] : [...choicesIn(codec).values()];
  const codecs = choices.filter((choice): choice is Codec => choice !== 'raw');
  return { text: codecs.some(({ binary }) => !binary), binary: codecs.some(({ binary }) => binary) };
}

/**
 * Reads the codecs that are listed by subprotocol.
 * @throws TypeError for a value that is no codec
 */
function choicesIn(codec: Readonly<Record<string, CodecChoice>>): Map<string, CodecChoice> {
  const byProtocol = new Map(Object.entries(Object(codec) as Record<string, CodecChoice>));
  const odd = [...byProtocol.keys()].find((name) => name !== '' && !isToken(name));
  if (odd !== undefined) throw new TypeError(`codec[${JSON.stringify(odd)}]: no subprotocol has such a name`);
  if (byProtocol.size > 0 && [...byProtocol.values()].every(isChoice)) return byProtocol;
  const missing = [...byProtocol.keys()].find((protocol) => byProtocol.get(protocol) === undefined);
  const why = missing === undefined ? '' : `, not undefined for ${JSON.stringify(missing)}; ${CIRCULAR_IMPORT}`;
  throw new TypeError(`codec must be a codec, 'raw', or an object of those by subprotocol${why}`);
}

function isChoice(codec: unknown): codec is CodecChoice {
  if (codec === 'raw') return true;
  const { decode, encode } = Object(codec) as Partial<Codec>;
  return typeof decode === 'function' && typeof encode === 'function';
}
