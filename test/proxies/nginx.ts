import { LOCALHOST } from '../support/certificates';
import { freePort } from '../support/free-port';
import { blockOf, folderOf, replaced, run, type Running } from './program';

export const NGINX = '/usr/sbin/nginx';

export interface Nginx extends Running {
  readonly port: number;
  readonly tlsPort: number;
}

/** The guide's configuration, in front of an `address:port` or `unix:path`. `changes`: of its text, one for the other. */
export async function startNginx(upstream: string, changes: Readonly<Record<string, string>> = {}): Promise<Nginx> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const site = replaced(blockOf('deployment.md', 'nginx'), {
    '127.0.0.1:5005': upstream,
    'listen 80;': `listen 127.0.0.1:${port};`,
    'listen 443 ssl;': `listen 127.0.0.1:${tlsPort} ssl;`,
    '/etc/ssl/app.crt': 'app.crt',
    '/etc/ssl/app.key': 'app.key',
    ...changes,
  });
  // what Debian's own nginx.conf has around a site, without its places in the file system
  const main = `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  include site.conf;
}
`;
  const folder = folderOf({
    'nginx.conf': main,
    'site.conf': site,
    'app.crt': LOCALHOST.cert,
    'app.key': LOCALHOST.key,
  });
  const running = await run(NGINX, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], folder, port);
  return { ...running, port, tlsPort };
}
