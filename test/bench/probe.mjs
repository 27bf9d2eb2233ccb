// Loaded into the server with --import: says on the socket BENCH_PROBE how busy the process has been since it started.
import { createServer } from 'node:net';
import { performance } from 'node:perf_hooks';

createServer((socket) => {
  const { active, idle } = performance.eventLoopUtilization();
  const { user, system } = process.cpuUsage();
  // Kilobytes, the most there ever were.
  const rss = process.resourceUsage().maxRSS * 1024;
  socket.end(JSON.stringify({ active, idle, cpu: (user + system) / 1000, rss }));
})
  .listen(process.env.BENCH_PROBE)
  .unref();
