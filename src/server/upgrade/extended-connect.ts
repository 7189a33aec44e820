import type { Http2SecureServer, Http2Server } from 'node:http2';

/** What a server carries for as long as anybody is attached, of whatever application. */
const ANNOUNCED = Symbol.for('portal-ws.extended-connect');

interface Announcement {
  attachments: number;
  /** What the server said before. */
  readonly before: boolean | undefined;
}

type Announcing = (Http2Server | Http2SecureServer) & { [ANNOUNCED]?: Announcement };

/** Lets a server say that it understands extended CONNECT (RFC 8441 section 3). Returns what takes that back, for the last one. */
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

/** Node does not tell what a server's settings are. Where they are not found, extended CONNECT is taken to be off, as it is by default. */
function settingsOf(server: object): { enableConnectProtocol?: boolean } | undefined {
  const key = Object.getOwnPropertySymbols(server).find(({ description }) => description === 'options');
  if (key === undefined) return undefined;
  return (server as Record<symbol, { settings?: { enableConnectProtocol?: boolean } } | undefined>)[key]?.settings;
}
