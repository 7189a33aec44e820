import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListenError } from 'portal-ws';
import { startSamples } from './app';
import { Tokens, TokenSecret } from './guards/tokens';
import { UploadFolder } from './upload/settings';
import { UPLOADS_PATH } from './upload/web';

const DEFAULT_PORT = 5005;
const HOUR_MS = 3_600_000;

async function main(): Promise<void> {
  // unless it is told where, it keeps uploads for as long as it runs
  const kept = process.env.UPLOAD_FOLDER;
  const folder = kept || (await mkdtemp(join(tmpdir(), 'portal-uploads-')));
  const forget = (): Promise<void> | undefined => (kept ? undefined : rm(folder, { recursive: true, force: true }));
  try {
    const key = process.env.TOKEN_SECRET;
    const secret = key ? new TokenSecret(key) : TokenSecret.random();
    const samples = await startSamples(Number(process.env.PORT || DEFAULT_PORT), new UploadFolder(folder), secret);
    const stop = async (): Promise<void> => {
      await samples.close();
      await forget();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
    const { url } = samples.app;
    const page = url.replace('ws', 'http');
    console.log(`Echo:     ${url}/echo`);
    console.log(`Chat:     ${page}/`);
    console.log(`Upload:   ${page}${UPLOADS_PATH}/`);
    console.log(`Orders:   ${url}/orders`);
    console.log(`Notices:  ${url}/notices`);
    // of a secret that nobody knows, a token opens nothing else
    if (!key) console.log(`  token:  ${samples.app.container.resolve(Tokens).issue('demo', 'editor', HOUR_MS)}`);
    console.log(`Game:     ${url}/game`);
    console.log(`Readings: ${url}/readings`);
  } catch (error) {
    await forget();
    throw error;
  }
}

main().catch((error: unknown) => {
  const expected = error instanceof ListenError || error instanceof RangeError;
  console.error(expected ? error.message : error);
  process.exitCode = 1;
});
