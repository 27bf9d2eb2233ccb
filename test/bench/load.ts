import { connect, type Socket } from 'node:net';

/** What is asked, and how often. */
export interface Asking {
  /** `http://host:port` */
  address: string;
  /** The whole next request, as it goes over the wire; null when there are no more. */
  next: () => string | null;
  /** Every answer must have it: a fast refusal is no result. */
  status: number;
  connections?: number;
  /** Stops asking after that; without it, when `next` has no more. */
  seconds?: number;
  /**
   * Requests arrive at this rate, whether or not the server keeps up, and a latency counts from the arrival. Without it
   * each connection asks again when it has its answer.
   */
  perSecond?: number;
}

export interface Load {
  answers: number;
  perSecond: number;
  /** Milliseconds, to a tenth. */
  p50: number;
  p99: number;
}

/** One request. @param body JSON, ASCII only */
export const request = (method: string, path: string, body?: string): string =>
  body === undefined
    ? `${method} ${path} HTTP/1.1\r\nhost: bench\r\n\r\n`
    : `${method} ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

/**
 * Loads a server over keep-alive connections, one request at a time on each, with as little work of its own as Node.js
 * allows: it shares the machine with what it measures. Every answer is read to its end and its status is looked at.
 * @throws Error for an answer with another status, without a length, or a connection that ends
 */
export async function load(asking: Asking): Promise<Load> {
  const { address, next, status, connections = 64, seconds = Infinity, perSecond = Infinity } = asking;
  const { hostname, port } = new URL(address);
  const lines = await Promise.all(Array.from({ length: connections }, () => open(hostname, Number(port))));
  const tenths = new Uint32Array(600_000);
  const started = performance.now();
  const end = started + seconds * 1000;
  let [sent, answers, last] = [0, 0, started];
  const idle: Connection[] = [];
  const head: Head = { bytes: Buffer.alloc(0), length: 0 };

  const arrival = (number: number, now: number) =>
    perSecond === Infinity ? now : started + (number * 1000) / perSecond;
  /** @returns whether there was something to send, or will be */
  const send = (connection: Connection): boolean => {
    const now = performance.now();
    const due = arrival(sent, now);
    if (due >= end || now >= end) return false;
    if (due > now) return idle.push(connection) > 0;
    const bytes = next();
    if (bytes === null) return false;
    connection.since = due;
    sent++;
    connection.socket.write(bytes, 'latin1');
    return true;
  };

  let ticking: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((done, fail) => {
      let open = lines.length;
      const leave = () => --open === 0 && done();
      const tick = () => {
        const now = performance.now();
        // The one that has rested longest: the server closes those that rest too long.
        while (idle.length > 0 && (arrival(sent, now) <= now || now >= end)) if (!send(idle.shift()!)) leave();
      };
      if (perSecond !== Infinity) ticking = setInterval(tick, 1);
      for (const line of lines) {
        const { socket } = line;
        const connection: Connection = { socket, since: 0 };
        const answered = () => {
          last = performance.now();
          tenths[Math.min(tenths.length - 1, Math.round((last - connection.since) * 10))]!++;
          answers++;
          if (!send(connection)) leave();
        };
        line.hear = answersIn(status, head, answered, fail);
        socket.on('error', fail).on('close', () => fail(new Error(`${address} closed a connection.`)));
        if (!send(connection)) leave();
      }
    });
  } finally {
    clearInterval(ticking);
    for (const { socket } of lines) socket.removeAllListeners('close').destroy();
  }
  const quantile = (share: number) => {
    let seen = 0;
    return tenths.findIndex((many) => (seen += many) >= answers * share) / 10;
  };
  return { answers, perSecond: answers / ((last - started) / 1000), p50: quantile(0.5), p99: quantile(0.99) };
}

interface Connection {
  socket: Socket;
  /** When the request under way was sent, or arrived. */
  since: number;
}

/** The last head that was read, to the empty line, and how many bytes follow it. */
interface Head {
  bytes: Buffer;
  length: number;
}

/**
 * Finds the ends of answers in what a socket reads; each has a content-length. An answer whose head is, byte for byte, the
 * last one that was read is not read again: with hundreds of bytes of headers that would be most of the work here.
 */
function answersIn(
  status: number,
  head: Head,
  answered: () => void,
  fail: (error: Error) => void,
): (bytes: Buffer) => void {
  const expected = `HTTP/1.1 ${status} `;
  const nothing = Buffer.alloc(0);
  let read: Buffer = nothing;
  const isKnown = () =>
    head.bytes.length > 0 && read.length >= head.bytes.length && head.bytes.compare(read, 0, head.bytes.length) === 0;
  /** What was read stands where the next will be. */
  const keep = () => void (read = Buffer.from(read));
  return (bytes) => {
    read = read.length === 0 ? bytes : Buffer.concat([read, bytes]);
    if (!isKnown()) {
      const end = read.indexOf('\r\n\r\n');
      if (end < 0) return keep();
      const text = read.toString('latin1', 0, end);
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      if (length === undefined || !text.startsWith(expected)) {
        return fail(new Error(`Instead of ${status}: ${read.toString('utf8').slice(0, 2000)}`));
      }
      head.bytes = Buffer.from(read.subarray(0, end + 4));
      head.length = Number(length);
    }
    if (read.length < head.bytes.length + head.length) return keep();
    read = nothing;
    answered();
  };
}

interface Line {
  socket: Socket;
  hear: (bytes: Buffer) => void;
}

/** A connection that reads into one piece of memory: a new one for each answer, of 64 KB, would be much of the work here. */
function open(host: string, port: number): Promise<Line> {
  return new Promise((opened, fail) => {
    const line: Line = { socket: null!, hear: () => undefined };
    const buffer = Buffer.alloc(64 * 1024);
    const callback = (length: number) => {
      line.hear(buffer.subarray(0, length));
      return true;
    };
    line.socket = connect({ host, port, onread: { buffer, callback } }, () => {
      line.socket.setNoDelay(true);
      opened(line);
    });
    line.socket.once('error', fail);
  });
}
