import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import fastifyStatic from '@fastify/static';
import fastify, { type FastifyInstance } from 'fastify';
import { listFiles } from './file-list';
import type { Listing } from './messages';
import { MAX_FILE_BYTES, type UploadFolder } from './settings';

/** The path of the page, with a slash at the end. */
export const UPLOADS_PATH = '/uploads';

const MAX_LISTED = 100;

const SECURITY_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** Headers that keep an upload from being shown as a part of this site. */
const DOWNLOAD_HEADERS = { 'Content-Disposition': 'attachment', 'Content-Type': 'application/octet-stream' };

/** Longest name in a request, percent-encoded. */
const MAX_NAME = 1000;

/** Serves the page, the list of uploads and the uploads. It does not listen: its `routing` takes plain requests. */
export async function createUploadPage(folder: UploadFolder): Promise<FastifyInstance> {
  await mkdir(folder.path, { recursive: true });
  const web = fastify({ routerOptions: { maxParamLength: MAX_NAME } });
  web.addHook('onSend', async (_request, reply) => {
    reply.headers(SECURITY_HEADERS);
  });
  await web.register(fastifyStatic, {
    root: join(__dirname, 'public'),
    prefix: UPLOADS_PATH,
    redirect: true,
    decorateReply: false,
  });
  web.get(`${UPLOADS_PATH}/files`, async (): Promise<Listing> => {
    const files = await listFiles(folder.path);
    return { files: files.slice(0, MAX_LISTED), maxBytes: MAX_FILE_BYTES };
  });
  await web.register(fastifyStatic, {
    root: resolve(folder.path),
    serve: false,
    index: false,
    dotfiles: 'ignore',
    contentType: false,
    setHeaders: (reply) => void reply.headers(DOWNLOAD_HEADERS),
  });
  web.get<{ Params: { name: string } }>(`${UPLOADS_PATH}/files/:name`, (request, reply) =>
    reply.sendFile(request.params.name),
  );
  await web.ready();
  return web;
}
