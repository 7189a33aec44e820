import { readdirSync, readFileSync } from 'node:fs';

// Figures of a process from the kernel: the same measure for Node, Bun and Deno.

/** User and system time of all its living threads, in nanoseconds. Exact only while the process is at rest. */
export function cpuNanoseconds(pid) {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    // first field: time spent on the CPU (Documentation/scheduler/sched-stats.rst)
    sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]);
  }
  return sum;
}

/** The clock of /proc/<pid>/stat ticks a hundred times a second on every Linux that Node runs on. */
const TICK_MICROSECONDS = 10_000;

/** User and system time of a process, to the tick. */
export function cpuSplitMicroseconds(pid) {
  // the name in parentheses may have spaces; after it the 12th and 13th fields are utime and stime (proc_pid_stat(5))
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ');
  return { user: Number(fields[11]) * TICK_MICROSECONDS, system: Number(fields[12]) * TICK_MICROSECONDS };
}

/** Resident memory in bytes. */
export function residentBytes(pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kilobytes) * 1024;
}

/** Files that a process of ours may open; Node raises its soft limit to the hard one by itself. */
export function maxOpenFiles() {
  const [, limit] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return limit === 'unlimited' ? Infinity : Number(limit);
}

/** @throws Error with the reason when this machine cannot be measured on */
export function checkMachine() {
  try {
    if (cpuNanoseconds('self') === 0) throw new Error('no thread has used any time');
  } catch (cause) {
    throw new Error('the benchmark needs Linux with /proc/<pid>/task/*/schedstat', { cause });
  }
}
