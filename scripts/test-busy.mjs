// Runs a command beside two busy loops, such as: node scripts/test-busy.mjs npx jest test/streams. Without one: npm test.
import { spawn } from 'node:child_process';

const LOOPS = 2;

const [program = 'npm', ...args] = process.argv.length > 2 ? process.argv.slice(2) : ['npm', 'test'];
// each ends by itself when the script is killed: its standard input is closed then
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
command.on('error', (error) => {
  console.error(error.message);
  end(127);
});
command.on('close', (code) => end(code ?? 1));

function end(code) {
  for (const { pid } of loops) process.kill(pid, 'SIGKILL');
  process.exit(code);
}
