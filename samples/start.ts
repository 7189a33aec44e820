import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSamples } from './app';
import { startFrameworks } from './attach/frameworks';
import { isExpected } from './expected';
import { Tokens, TokenSecret } from './guards/tokens';
import { UploadFolder } from './upload/settings';
import { UPLOADS_PATH } from './upload/web';

const DEFAULT_PORT = 5005;
const HOUR_MS = 3_600_000;

async function main(): Promise<void> {
  // without a folder, uploads last as long as the process
  const kept = process.env.UPLOAD_FOLDER;
  const folder = kept || (await mkdtemp(join(tmpdir(), 'portal-uploads-')));
  const forget = (): Promise<void> | undefined => (kept ? undefined : rm(folder, { recursive: true, force: true }));
  try {
    const key = process.env.TOKEN_SECRET;
    const secret = key ? new TokenSecret(key) : TokenSecret.random();
    const port = Number(process.env.PORT || DEFAULT_PORT);
    const samples = await startSamples(port, new UploadFolder(folder), secret);
    const frameworks = await startFrameworks(port === 0 ? 0 : port + 1).catch(async (error: unknown) => {
      await samples.close();
      throw error;
    });
    const stop = async (): Promise<void> => {
      await Promise.all([samples.close(), frameworks.close()]);
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
    // the secret is random, so a printed token is of no use elsewhere
    if (!key) console.log(`  token:  ${samples.app.container.resolve(Tokens).issue('demo', 'editor', HOUR_MS)}`);
    console.log(`Game:     ${url}/game`);
    console.log(`Readings: ${url}/readings`);
    for (const [name, running] of frameworks.servers) {
      console.log(`${`${name}:`.padEnd(9)} ${running.url}/notifications`);
    }
    for (const [id, password] of frameworks.passwords) console.log(`  ${`${id}:`.padEnd(7)} ${password}`);
  } catch (error) {
    await forget();
    throw error;
  }
}

main().catch((error: unknown) => {
  console.error(isExpected(error) ? error.message : error);
  process.exitCode = 1;
});
