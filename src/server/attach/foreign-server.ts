import type { Server as HttpServer } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';

/** A server of Node that the application created and listens with. */
export type ForeignServer = HttpServer | Http2Server | Http2SecureServer;
