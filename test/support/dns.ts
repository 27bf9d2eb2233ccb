import dnsPacket from 'dns-packet';
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

export interface NameServer {
  /** As DNS_SERVER. */
  address: string;
  /** Values by `TXT name` or `MX name`; what is not here does not exist. `null`: no answer at all. */
  records: Map<string, string[] | null>;
  close: () => void;
}

/** A name server on 127.0.0.1 that says what a test tells it. */
export async function startNameServer(): Promise<NameServer> {
  const records: NameServer['records'] = new Map();
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => {
    const asked = dnsPacket.decode(bytes);
    const { name, type } = asked.questions![0]!;
    const values = records.get(`${type} ${name}`);
    if (values === null) return;
    const exists = values ?? [...records.keys()].some((each) => each.endsWith(` ${name}`));
    const answers = (values ?? []).map((value): dnsPacket.Answer => {
      if (type === 'MX') {
        const [preference, exchange] = value.split(' ');
        return { name, type, ttl: 1, data: { preference: Number(preference), exchange: exchange! } };
      }
      // In strings of at most 255 bytes, as long keys are.
      return { name, type: 'TXT', ttl: 1, data: value.match(/.{1,255}/g)! };
    });
    const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | (exists ? 0 : 3);
    socket.send(
      dnsPacket.encode({ type: 'response', id: asked.id!, flags, questions: asked.questions!, answers }),
      from.port,
      from.address,
    );
  });
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
  return { address: `127.0.0.1:${(socket.address() as AddressInfo).port}`, records, close: () => socket.close() };
}
