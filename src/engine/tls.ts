import { createSecureContext, type SecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';

/** What `node:tls` takes, and keys and certificates for other names than the default one's. At least TLS 1.2, unless `minVersion` says otherwise. */
export interface TlsSettings extends Omit<TlsOptions, 'ALPNProtocols' | 'ALPNCallback'> {
  /** By host name; `*.example.com` for those directly below it. A client that names none of them gets the default. */
  servernames?: Record<string, SecureContextOptions>;
}

type Found = (error: Error | null, context?: SecureContext) => void;

/** The keys and certificates of a server, which can be replaced while it runs. */
export class Tls {
  private settings: TlsSettings;
  private contexts: ReadonlyMap<string, SecureContext>;

  /**
   * `failed`: told when the user's own `SNICallback` throws.
   * @throws TypeError for a key or certificate that cannot be used, and says whose
   */
  constructor(
    settings: TlsSettings,
    private readonly failed: (error: unknown) => void,
  ) {
    this.contexts = checked(settings);
    this.settings = settings;
  }

  /** For `tls.createServer` and `setSecureContext`. */
  get options(): TlsOptions {
    return { minVersion: 'TLSv1.2', ...this.settings, SNICallback: this.find };
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
    const context = this.contexts.get(name) ?? wildcard;
    if (context !== undefined || this.settings.SNICallback === undefined) found(null, context);
    else this.ask(this.settings.SNICallback, servername, found);
  };

  /** One that throws ends one handshake, and not the process. */
  private ask(callback: NonNullable<TlsOptions['SNICallback']>, servername: string, found: Found): void {
    try {
      callback(servername, found);
    } catch (error) {
      this.failed(error);
      found(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function checked({ servernames = {}, ...settings }: TlsSettings): Map<string, SecureContext> {
  contextOf(settings, 'tls');
  const common = { minVersion: 'TLSv1.2', ...withoutIdentity(settings) } as const;
  const entries = Object.entries(servernames);
  return new Map(
    entries.map(([name, own]) => [name.toLowerCase(), contextOf({ ...common, ...own }, `tls.servernames["${name}"]`)]),
  );
}

/** All but what makes a name's own. */
function withoutIdentity(settings: SecureContextOptions): SecureContextOptions {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !IDENTITY.has(name)));
}

const IDENTITY = new Set(['key', 'cert', 'pfx', 'passphrase']);

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
