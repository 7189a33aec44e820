import { createSecureContext, type SecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';

/** What `node:tls` takes, and keys and certificates for other names than the default one's. */
export interface TlsSettings extends TlsOptions {
  /** By host name; `*.example.com` for those directly below it. A client that names none of them gets the default. */
  servernames?: Record<string, SecureContextOptions>;
}

type Found = (error: Error | null, context?: SecureContext) => void;

/** The keys and certificates of a server, which can be replaced while it runs. */
export class Tls {
  private settings: TlsSettings;
  private contexts: ReadonlyMap<string, SecureContext>;

  /** @throws TypeError for a key or certificate that cannot be used, and says whose */
  constructor(settings: TlsSettings) {
    this.contexts = checked(settings);
    this.settings = settings;
  }

  /** For `https.createServer` and its kin. */
  get options(): TlsOptions {
    const { servernames: _servernames, SNICallback, ...options } = this.settings;
    return { ...options, SNICallback: SNICallback === undefined ? this.find : guarded(SNICallback) };
  }

  /** What is given takes the place of what was there, for connections that come later. @throws as the constructor */
  replace(settings: TlsSettings): void {
    const merged = { ...this.settings, ...settings };
    this.contexts = checked(merged);
    this.settings = merged;
  }

  private readonly find = (servername: string, found: Found): void => {
    const name = servername.toLowerCase();
    const dot = name.indexOf('.');
    const wildcard = dot < 0 ? undefined : this.contexts.get(`*${name.slice(dot)}`);
    found(null, this.contexts.get(name) ?? wildcard);
  };
}

function checked({ servernames = {}, ...settings }: TlsSettings): Map<string, SecureContext> {
  contextOf(settings, 'tls');
  const { minVersion, maxVersion, ciphers } = settings;
  const common = { ...(minVersion && { minVersion }), ...(maxVersion && { maxVersion }), ...(ciphers && { ciphers }) };
  const entries = Object.entries(servernames);
  return new Map(
    entries.map(([name, own]) => [name.toLowerCase(), contextOf({ ...common, ...own }, `tls.servernames["${name}"]`)]),
  );
}

function contextOf(settings: SecureContextOptions, place: string): SecureContext {
  if (settings.pfx === undefined && (settings.key === undefined || settings.cert === undefined)) {
    throw new TypeError(`${place} needs a key and a cert (or a pfx)`);
  }
  try {
    return createSecureContext(settings);
  } catch (cause) {
    throw new TypeError(`${place}: the key and certificate cannot be used: ${(cause as Error).message}`, { cause });
  }
}

/** One that throws ends one handshake, and not the process. */
function guarded(callback: NonNullable<TlsOptions['SNICallback']>): NonNullable<TlsOptions['SNICallback']> {
  return (servername, found) => {
    try {
      callback(servername, found);
    } catch (error) {
      found(error instanceof Error ? error : new Error(String(error)));
    }
  };
}
