import { constants, createPrivateKey } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { errorThrown } from '../messages';

/** Options that Portal sets itself: the version of HTTP, and the time for a handshake (`limits.handshakeTimeoutMs`). */
type Ours = 'ALPNProtocols' | 'ALPNCallback' | 'handshakeTimeout' | 'allowHalfOpen' | 'pauseOnConnect';

/** Options of `node:tls`, and keys and certificates by host name. `minVersion` is TLS 1.2 by default. */
export interface TlsSettings extends Omit<TlsOptions, Ours> {
  /**
   * Keys and certificates by host name; `*.example.com` stands for the hosts directly below it. A client that names another
   * host gets the default certificate.
   */
  servernames?: Record<string, SecureContextOptions> | undefined;
}

/** Options that can be replaced while a server runs. */
export type TlsUpdate = SecureContextOptions & Pick<TlsSettings, 'servernames' | 'SNICallback'>;

type Found = (error: Error | null, context?: SecureContext) => void;

/** The keys and certificates of a server, which can be replaced while it runs. */
export class Tls {
  private settings: TlsSettings;
  private contexts: ReadonlyMap<string, SecureContext>;

  /**
   * Calls `failed` for each handshake in which the user's `SNICallback` fails.
   * @throws TypeError for a key or certificate that cannot be used, with its host name
   */
  constructor(
    settings: TlsSettings,
    private readonly failed: (error: unknown) => void,
  ) {
    this.contexts = checked(settings);
    this.settings = settings;
  }

  /** The options of `tls.createServer` and `setSecureContext`. */
  get options(): TlsOptions {
    return { ...withFloor(this.settings), SNICallback: this.find };
  }

  /**
   * Replaces the given options for later connections; other host names stay.
   * @throws TypeError as the constructor; nothing is changed then
   */
  replace(update: TlsUpdate): void {
    const { settings } = this;
    const servernames = { ...settings.servernames, ...update.servernames };
    const merged = { ...withoutReplaced(settings, update), ...update, servernames };
    this.contexts = checked(merged);
    this.settings = merged;
  }

  private readonly find = (servername: string, found: Found): void => {
    const name = servername.toLowerCase();
    const dot = name.indexOf('.');
    const wildcard = dot < 0 ? undefined : this.contexts.get(`*${name.slice(dot)}`);
    const context = this.contexts.get(name) ?? wildcard;
    if (context !== undefined || this.settings.SNICallback === undefined) found(null, context);
    else this.ask(this.settings.SNICallback, servername, found);
  };

  /** Calls the user's callback. A failure ends one handshake, not the process. */
  private ask(callback: NonNullable<TlsOptions['SNICallback']>, servername: string, found: Found): void {
    let answered = false;
    const answer: Found = (error, context) => {
      if (answered) return;
      answered = true;
      if (error) this.failed(error);
      found(error, context);
    };
    const fail = (thrown: unknown): void => {
      const error = errorThrown(thrown, this.failed);
      if (answered) this.failed(error);
      else answer(error instanceof Error ? error : new Error(String(error)));
    };
    try {
      // it may be asynchronous, though Node does not wait for it
      Promise.resolve<unknown>(callback(servername, answer)).catch(fail);
    } catch (error) {
      fail(error);
    }
  }
}

/** All contexts except the default, by host name in lower case. */
function checked({ servernames = {}, ...settings }: TlsSettings): Map<string, SecureContext> {
  contextOf(settings, 'tls');
  const common = without(settings, IDENTITY);
  const entries = Object.entries(servernames).map(([name, own]): [string, SecureContext] => {
    const place = `tls.servernames[${JSON.stringify(name)}]`;
    if (!HOST_NAME.test(name)) throw new TypeError(`${place}: that is no host name, and no *. before one`);
    const context = contextOf({ ...common, ...own }, place);
    refuseOtherKind(own, settings, place);
    return [name.toLowerCase(), context];
  });
  return new Map(entries);
}

/** A host name as clients send it (RFC 6066 3): ASCII, without a dot at its end. */
const HOST_NAME = /^(?:\*\.)?[\w-]+(?:\.[\w-]+)*$/;

/**
 * Node lays the key of a name over the default one without taking that away: where they are of different kinds, OpenSSL chooses between
 * both, and clients get the certificate of another name (nodejs/node#54235).
 */
function refuseOtherKind(own: SecureContextOptions, byDefault: SecureContextOptions, place: string): void {
  const [kind, other] = [kindOfKey(own), kindOfKey(byDefault)];
  if (kind === undefined || other === undefined || kind === other) return;
  throw new TypeError(
    `${place} has a key of the kind ${kind}, and tls one of the kind ${other}: Node would show clients the certificate of either. Use keys of ` +
      'one kind.',
  );
}

/** `undefined` where the kind is unknown: several keys, or a key in a pfx. */
function kindOfKey({ key, passphrase }: SecureContextOptions): string | undefined {
  if (typeof key !== 'string' && !Buffer.isBuffer(key)) return undefined;
  const secret = passphrase === undefined ? {} : { passphrase };
  return createPrivateKey({ key, ...secret }).asymmetricKeyType;
}

function contextOf(settings: SecureContextOptions, place: string): SecureContext {
  if (isEmpty(settings.pfx) && (isEmpty(settings.key) || isEmpty(settings.cert))) {
    throw new TypeError(`${place} needs a key and a cert (or a pfx)`);
  }
  try {
    return createSecureContext(withFloor(settings));
  } catch (cause) {
    throw new TypeError(`${place}: the key and certificate cannot be used: ${(cause as Error).message}`, { cause });
  }
}

/** True for a missing or empty value: Node accepts an empty value, and fails in each handshake. */
function isEmpty(value: SecureContextOptions['pfx' | 'key' | 'cert'] | null): boolean {
  return value === undefined || value === null || value.length === 0;
}

/** Adds TLS 1.2 as the minimum, and disables tickets where they would let a certificate count for another host. */
function withFloor(settings: TlsSettings): TlsSettings {
  const { requestCert, secureOptions = 0, secureProtocol, SNICallback, servernames = {} } = settings;
  // a session is resumed before the name is known, so a certificate that was good for one name would be so for all
  const isAmbiguous = requestCert === true && (SNICallback !== undefined || Object.keys(servernames).length > 0);
  return {
    // the two exclude each other
    ...(secureProtocol === undefined && { minVersion: 'TLSv1.2' }),
    ...settings,
    ...(isAmbiguous && { secureOptions: secureOptions | constants.SSL_OP_NO_TICKET }),
  };
}

/** Options that belong to one host name. */
const IDENTITY = ['key', 'cert', 'pfx', 'passphrase'] as const;

/** Leaves out the key that an update replaces in another form: Node would take both, and prefer the pfx. */
function withoutReplaced(settings: TlsSettings, { pfx, key, cert }: TlsUpdate): TlsSettings {
  if (pfx !== undefined) return without(settings, IDENTITY);
  if (key !== undefined) return without(settings, ['pfx', 'passphrase']);
  return cert === undefined ? settings : without(settings, ['pfx']);
}

function without(settings: TlsSettings, names: readonly string[]): TlsSettings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !names.includes(name)));
}
