// Runs a command beside two busy loops, such as: node scripts/test-busy.mjs npx jest test/streams. Without one: all tests.
import { spawn } from 'node:child_process';

const LOOPS = 2;

const [program, ...args] = process.argv.length > 2 ? process.argv.slice(2) : ['npx', 'jest'];
// each loop ends when the script is killed, since its standard input closes
const loop = `
  process.stdin.on('end', () => process.exit()).resume();
  const spin = () => { for (const end = Date.now() + 50; Date.now() < end; ); setImmediate(spin); };
  spin();
`;
const loops = Array.from({ length: LOOPS }, () =>
  spawn(process.execPath, ['-e', loop], { stdio: ['pipe', 'ignore', 'inherit'] }),
);

const command = spawn(program, args, { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => command.kill(signal));
command.on('error', (error) => console.error(error.message));
command.on('close', (code) => {
  for (const loop of loops) loop.kill('SIGKILL');
  process.exitCode = code > 0 ? code : Number(code !== 0);
});
