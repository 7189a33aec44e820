import { cpus, loadavg, totalmem, release } from 'node:os';
import { serverNamed } from '../servers/index.mjs';

const HEAD = ['row', 'unit', 'portal', 'peer', 'ratio', 'must', 'wanted', 'verdict', 'for information'];

/** One row of the table as text cells. */
function cells({ name, unit, portal, peer, ratio, must, wanted, verdict, also }) {
  const bound = (value) =>
    value === undefined ? '' : peer === undefined ? `${value} ms` : `${Number(value.toFixed(3))} ×`;
  return [
    name,
    unit,
    figure(portal.median),
    peer === undefined ? '' : `${figure(peer.median)} (${peer.server})`,
    ratio === undefined ? '' : `${ratio.toFixed(3)} ×`,
    bound(must),
    bound(wanted),
    verdict,
    also.map(({ server, median }) => `${server} ${figure(median)}`).join(', '),
  ];
}

function figure(value) {
  return value.toFixed(value < 1 ? 3 : value < 100 ? 2 : 0);
}

/** A Markdown table, aligned so that a terminal shows it well. */
export function table(results) {
  const lines = [HEAD, ...results.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const render = (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [render(lines[0]), rule, ...lines.slice(1).map(render)].join('\n');
}

/** Where and with what the figures were taken. */
export function circumstances() {
  const versions = {};
  for (const name of ['portal-engine', 'ws', 'ws+bufferutil', 'socket.io', 'nest', 'bun', 'deno']) {
    versions[name] = serverNamed(name)?.version ?? 'does not start here';
  }
  return {
    date: new Date().toISOString(),
    machine: {
      cpu: cpus()[0].model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      kernel: `${process.platform} ${release()}`,
      loadAverageBefore: loadavg()[0],
    },
    node: process.version,
    versions,
  };
}
