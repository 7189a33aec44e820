import type { Http2SecureServer, Http2Server } from 'node:http2';

/** Marks a server to which at least one application is attached. */
const ANNOUNCED = Symbol.for('portal-ws.extended-connect');

interface Announcement {
  attachments: number;
  /** The server's setting before the first attachment. */
  readonly before: boolean | undefined;
}

type Announcing = (Http2Server | Http2SecureServer) & { [ANNOUNCED]?: Announcement };

/** Announces extended CONNECT (RFC 8441 section 3). Returns a function that restores the setting, once the last caller has called it. */
export function announceConnect(server: Announcing): () => void {
  const announcement = (server[ANNOUNCED] ??= { attachments: 0, before: settingsOf(server)?.enableConnectProtocol });
  announcement.attachments++;
  // the server's other settings stay
  server.updateSettings({ enableConnectProtocol: true });
  return () => {
    if (--announcement.attachments > 0) return;
    delete server[ANNOUNCED];
    server.updateSettings({ enableConnectProtocol: announcement.before ?? false });
  };
}

/** The settings of a server, which Node does not document. Where they are missing, extended CONNECT counts as off, its default. */
function settingsOf(server: object): { enableConnectProtocol?: boolean } | undefined {
  const key = Object.getOwnPropertySymbols(server).find(({ description }) => description === 'options');
  if (key === undefined) return undefined;
  return (server as Record<symbol, { settings?: { enableConnectProtocol?: boolean } } | undefined>)[key]?.settings;
}
